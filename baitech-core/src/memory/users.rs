use std::collections::{BTreeMap, HashMap};

use super::{
    groups::Groups,
    spatial::SpatialIndex,
    state::{Kept, Row, Table},
};
use crate::{
    account::{Category, KycStatus, User, UserFilter, UserStatus},
    kernel::{Distance, Email, GeoPoint, Id, PhoneNumber, Role, Username},
    store::{StoreError, Tally},
};

/// The users with a skill in a category, or all of them; by role and status.
type Group = (Option<Category>, Role, UserStatus);

/// The users and their indexes.
#[derive(Debug, Default)]
pub(super) struct Users {
    rows: HashMap<Id<User>, Row<User>>,
    by_email: HashMap<String, Id<User>>,
    by_phone: HashMap<String, Id<User>>,
    by_username: HashMap<String, Id<User>>,
    groups: Groups<Group, Id<User>>,
    /// Technicians who can be offered jobs: active and verified, at their public places.
    places: BTreeMap<Category, SpatialIndex<Id<User>>>,
}

/// The owners of the values of a unique field.
type Owners<'a> = &'a HashMap<String, Id<User>>;

impl Kept for User {
    type Table = Users;
}

impl Table<User> for Users {
    fn get(&self, id: Id<User>) -> Option<&Row<User>> {
        self.rows.get(&id)
    }

    /// Fails if a unique field of one of these users belongs to another user: a stored one, or an earlier one
    /// in the list.
    fn check_unique(&self, users: Vec<&User>) -> Result<(), StoreError> {
        let mut taken = HashMap::new();
        for user in users {
            for (field, value, owners) in self.unique_fields(user) {
                let owner =
                    owners.get(&value).copied().or_else(|| taken.get(&(field, value.clone())).copied());
                if owner.is_some_and(|owner| owner != user.id) {
                    return Err(StoreError::Duplicate { field });
                }
                taken.insert((field, value), user.id);
            }
        }
        Ok(())
    }

    fn put(&mut self, row: Row<User>) {
        let id = row.value.id;
        if let Some(previous) = self.rows.remove(&id) {
            self.forget(&previous.value);
        }
        self.remember(&row.value);
        self.rows.insert(id, row);
    }
}

impl Users {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn by_email(&self, email: &Email) -> Option<&Row<User>> {
        self.get(*self.by_email.get(&email.claim()?)?)
    }

    pub(super) fn by_phone(&self, phone: &PhoneNumber) -> Option<&Row<User>> {
        self.get(*self.by_phone.get(&phone.claim()?)?)
    }

    pub(super) fn by_username(&self, username: &Username) -> Option<&Row<User>> {
        self.get(*self.by_username.get(&username_key(username))?)
    }

    /// Users by id.
    pub(super) fn page(&self, filter: UserFilter, after: Option<Id<User>>, limit: usize) -> Vec<&Row<User>> {
        let roles = Role::ALL.into_iter().filter(|role| filter.role.is_none_or(|wanted| wanted == *role));
        let statuses =
            UserStatus::ALL.into_iter().filter(|status| filter.status.is_none_or(|wanted| wanted == *status));
        let groups =
            roles.flat_map(|role| statuses.clone().map(move |status| (filter.category, role, status)));
        let ids = self.groups.page(groups, after, limit, |_| true);
        ids.into_iter().filter_map(|id| self.get(id)).collect()
    }

    /// Technicians who can be offered jobs in a category within a distance on the sphere, by id.
    pub(super) fn bookable(&self, category: Category, near: GeoPoint, within: Distance) -> Vec<&User> {
        let Some(places) = self.places.get(&category) else { return Vec::new() };
        let mut ids: Vec<Id<User>> = places.within(near, within).collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.get(id)).map(|row| &row.value).collect()
    }

    /// The technician with this id, if jobs in the category can be offered to it.
    pub(super) fn bookable_one(&self, category: Category, id: Id<User>) -> Option<&User> {
        let user = &self.get(id)?.value;
        bookable_place(user).filter(|_| categories(user).any(|own| own == category)).map(|_| user)
    }

    fn unique_fields(&self, user: &User) -> impl Iterator<Item = (&'static str, String, Owners<'_>)> {
        let email = user.email.claim().map(|email| ("email", email, &self.by_email));
        let phone = user.phone.claim().map(|phone| ("phoneNumber", phone, &self.by_phone));
        let username = user.username.as_ref().map(|name| ("username", username_key(name), &self.by_username));
        [email, phone, username].into_iter().flatten()
    }

    /// Adds a tally to a user, if it exists. No index depends on the counts.
    pub(super) fn count(&mut self, tally: &Tally) {
        let Tally::User { id, add } = tally;
        if let Some(row) = self.rows.get_mut(id) {
            row.value = row.value.clone().counted(add);
            row.version = row.version.next();
        }
    }

    fn remember(&mut self, user: &User) {
        self.by_email.extend(user.email.claim().map(|email| (email, user.id)));
        self.by_phone.extend(user.phone.claim().map(|phone| (phone, user.id)));
        if let Some(username) = &user.username {
            self.by_username.insert(username_key(username), user.id);
        }
        for group in groups(user) {
            self.groups.insert(group, user.id);
        }
        if let Some(place) = bookable_place(user) {
            for category in categories(user) {
                self.places.entry(category).or_default().insert(place, user.id);
            }
        }
    }

    fn forget(&mut self, user: &User) {
        user.email.claim().map(|email| self.by_email.remove(&email));
        user.phone.claim().map(|phone| self.by_phone.remove(&phone));
        if let Some(username) = &user.username {
            self.by_username.remove(&username_key(username));
        }
        for group in groups(user) {
            self.groups.remove(&group, &user.id);
        }
        if let Some(place) = bookable_place(user) {
            for category in categories(user) {
                if let Some(places) = self.places.get_mut(&category) {
                    places.remove(place, user.id);
                }
            }
        }
    }
}

/// Each category in which the user has a skill, without duplicates.
fn categories(user: &User) -> impl Iterator<Item = Category> {
    let skilled = |category: &Category| {
        user.technician.as_ref().is_some_and(|profile| profile.best_skill(*category).is_some())
    };
    Category::ALL.into_iter().filter(skilled)
}

fn groups(user: &User) -> impl Iterator<Item = Group> {
    let (role, status) = (user.role, user.status);
    categories(user).map(Some).chain([None]).map(move |category| (category, role, status))
}

fn bookable_place(user: &User) -> Option<GeoPoint> {
    let bookable = user.role == Role::Technician
        && user.status == UserStatus::Active
        && user.kyc.status == KycStatus::Verified;
    user.public_point().filter(|_| bookable)
}

// An earlier application may have stored values in another form than the normal one; they are still found.

fn username_key(username: &Username) -> String {
    username.as_str().trim().trim_start_matches('@').to_lowercase()
}
