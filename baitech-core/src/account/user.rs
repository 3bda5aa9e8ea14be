use std::ops::Deref;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{CorporateProfile, Kyc, PublicPlace, StatsDelta, TechnicianProfile, UserStats};
use crate::kernel::{
    Actor, Email, Entropy, Error, GeoPoint, Id, PhoneNumber, Result, Role, Rule, Text, Username, named,
};

named! {
    /// The status of an account.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum UserStatus {
        /// May do everything that the role allows.
        Active = "active",
        /// May finish running work, but not start new work.
        Suspended = "suspended",
        /// The user has left.
        Deactivated = "deactivated",
        /// The platform has banned the user.
        Banned = "banned",
    }
}

/// The user's gender, as stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Gender {
    Male,
    Female,
    Other,
    PreferNotToSay,
}

/// A stored image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Image {
    /// Its web address.
    pub url: String,
    /// Its name in the media store.
    pub public_id: Option<String>,
}

/// A place with its address: `{"coordinates": [longitude, latitude], "address": …}` on the wire.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Address {
    /// Longitude and latitude.
    #[serde(rename = "coordinates")]
    pub point: Option<GeoPoint>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub county: Option<String>,
    pub country: Option<String>,
}

/// The rating of a user's work: the mean of whole stars, and the number of reviews.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rating {
    /// The mean, 0 to 5, with two decimals; 0 without reviews.
    pub average: Decimal,
    /// Number of reviews.
    pub count: u32,
}

/// The stored data of a user. A [`User`] dereferences to it.
///
/// Not `#[non_exhaustive]`: a store handles all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "names and types are self-explanatory; exceptions are documented")]
pub struct UserRecord {
    pub id: Id<User>,
    pub role: Role,
    pub status: UserStatus,
    pub first_name: Text<50>,
    pub last_name: Text<50>,
    pub email: Email,
    pub phone: PhoneNumber,
    pub username: Option<Username>,
    pub bio: Option<Text<500>>,
    pub gender: Option<Gender>,
    pub date_of_birth: Option<NaiveDate>,
    pub picture: Option<Image>,
    pub location: Address,
    /// The technician's public place; drawn when the home is set.
    #[serde(default)]
    pub public_place: Option<PublicPlace>,
    /// Skills, hours and prices; only for technicians.
    pub technician: Option<TechnicianProfile>,
    /// The company; only for corporate users.
    pub corporate: Option<CorporateProfile>,
    pub kyc: Kyc,
    pub rating: Rating,
    pub stats: UserStats,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A user. Dereferences to its [`UserRecord`], and changes only through commands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct User(pub(super) UserRecord);

impl Deref for User {
    type Target = UserRecord;

    fn deref(&self) -> &UserRecord {
        &self.0
    }
}

impl User {
    /// Creates a user from its stored record. It is not checked: rules apply to writes, not to stored data.
    #[must_use]
    pub const fn from_record(record: UserRecord) -> Self {
        Self(record)
    }

    /// The user with a [`Tally`](crate::store::Tally) added, for stores.
    #[must_use]
    pub fn counted(mut self, add: &StatsDelta) -> Self {
        self.0.stats.add(add);
        self
    }

    /// The record to store.
    #[must_use]
    pub fn into_record(self) -> UserRecord {
        self.0
    }

    /// The user as an actor.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::user(self.id, self.role)
    }

    /// First and last name.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The place from which matching measures the distance to a job: never the home itself. `None` for users
    /// without a home on the map, and for a stored home without a public place yet.
    #[must_use]
    pub fn public_point(&self) -> Option<GeoPoint> {
        let home = self.location.point?;
        self.public_place.filter(|place| place.home() == home).map(PublicPlace::point)
    }

    /// Draws or updates the public place of a technician's home.
    pub(super) fn keep_public_place(&mut self, entropy: &dyn Entropy) {
        let Some(home) = self.location.point.filter(|_| self.technician.is_some()) else { return };
        let place = match self.public_place {
            Some(place) => place.follow(home, entropy),
            None => PublicPlace::draw(home, entropy),
        };
        self.0.public_place = Some(place);
    }

    /// The user who approves the company's bookings: the administrator, or this user if it has no
    /// administrator.
    #[must_use]
    pub fn company(&self) -> Option<Id<Self>> {
        self.corporate.as_ref().map(|company| company.administrator.unwrap_or(self.id))
    }

    /// Fails unless the user may start new work.
    ///
    /// # Errors
    /// [`Rule::INACTIVE_USER`].
    pub fn require_active(&self) -> Result<()> {
        if self.status == UserStatus::Active {
            return Ok(());
        }
        Err(Error::refused(Rule::INACTIVE_USER, format!("the account is {}", self.status.as_str())))
    }
}

/// The profile of a new user as entered; `Accounts::register` checks it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "as in `UserRecord`")]
pub struct NewUser {
    pub role: Role,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone_number: String,
    #[serde(default)]
    pub username: Option<String>,
    #[serde(default)]
    pub bio: Option<String>,
    #[serde(default)]
    pub location: Address,
    /// Required for technicians, refused for other roles.
    #[serde(default)]
    pub technician: Option<TechnicianProfile>,
    /// Required for corporate users, refused for other roles.
    #[serde(default)]
    pub corporate: Option<CorporateProfile>,
}

impl NewUser {
    /// A user with only the common fields.
    #[must_use]
    pub fn new(role: Role, first_name: &str, last_name: &str, email: &str, phone_number: &str) -> Self {
        Self {
            role,
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_owned(),
            phone_number: phone_number.to_owned(),
            username: None,
            bio: None,
            location: Address::default(),
            technician: None,
            corporate: None,
        }
    }
}

/// Changes to a user's profile; `None` leaves a field unchanged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "as in `UserRecord`")]
pub struct ProfileChange {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub username: Option<String>,
    pub bio: Option<String>,
    pub gender: Option<Gender>,
    pub date_of_birth: Option<NaiveDate>,
    pub location: Option<Address>,
    pub technician: Option<TechnicianProfile>,
    pub corporate: Option<CorporateProfile>,
}
