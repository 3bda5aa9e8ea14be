use super::{
    Fixture,
    given::{apply, refuse, stored_user},
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    account::{Category, User, UserFilter, UserRecord, UserStatus},
    kernel::{Email, Id, PageRequest, PhoneNumber, Role, Username},
    ports::Store,
    store::{ChangeSet, Put, StoreError},
    testing::build::{nairobi, technician_record, user},
};

pub(super) async fn are_found_by_their_fields(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let record = UserRecord { username: Some(Username::from_stored("amina")), ..user(Role::Customer, 1) };
    let amina = stored_user(&*store, User::from_record(record.clone())).await;
    let other = stored_user(&*store, User::from_record(user(Role::Customer, 2))).await;
    for found in [
        store.find_by_email(&record.email).await.unwrap(),
        store.find_by_phone(&record.phone).await.unwrap(),
        store.find_by_username(&Username::from_stored("amina")).await.unwrap(),
    ] {
        let found = found.expect("is found");
        assert_eq!((&found.value, found.version), (&amina.value, amina.version));
    }
    let found = store.find_by_email(&other.email).await.unwrap().expect("is found");
    assert_eq!(found.id, other.id);

    let moved = Email::from_stored("moved@example.ke");
    let record = UserRecord { email: moved.clone(), ..record };
    apply(&*store, ChangeSet::new().write(Put::over(&amina, User::from_record(record)))).await;
    assert!(store.find_by_email(&amina.email).await.unwrap().is_none(), "no longer under the old address");
    let found = store.find_by_email(&moved).await.unwrap().expect("is found");
    assert_eq!(found.id, amina.id);
    assert!(store.find_by_phone(&PhoneNumber::from_stored("+254799999999")).await.unwrap().is_none());
    assert!(store.find_by_username(&Username::from_stored("nobody")).await.unwrap().is_none());
    // A user that was found can be written.
    apply(&*store, super::given::rename(&found, "Found")).await;
}

/// An earlier application stored addresses and numbers as they were typed.
pub(super) async fn are_found_by_the_normal_form_of_stored_values(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let typed = UserRecord {
        email: Email::from_stored("Jo.Doe@Bücher.Example"),
        phone: PhoneNumber::from_stored("0711 000-001"),
        ..user(Role::Customer, 1)
    };
    let jo = stored_user(&*store, User::from_record(typed)).await;
    let email = Email::new("jo.doe@xn--bcher-kva.example").unwrap();
    let phone = PhoneNumber::new("+254711000001").unwrap();
    for found in [store.find_by_email(&email).await.unwrap(), store.find_by_phone(&phone).await.unwrap()] {
        assert_eq!(found.map(|user| user.id), Some(jo.id));
    }
    for (field, twin) in [
        ("email", UserRecord { email: email.clone(), ..user(Role::Customer, 2) }),
        ("phoneNumber", UserRecord { phone: phone.clone(), ..user(Role::Customer, 2) }),
    ] {
        let error = refuse(&*store, ChangeSet::new().write(Put::new(User::from_record(twin)))).await;
        assert!(matches!(error, StoreError::Duplicate { field: taken } if taken == field), "{error:?}");
    }
    let moved = UserRecord {
        email: Email::from_stored("moved@example.ke"),
        phone: PhoneNumber::from_stored("+254711000002"),
        ..jo.value.clone().into_record()
    };
    apply(&*store, ChangeSet::new().write(Put::over(&jo, User::from_record(moved)))).await;
    let heir = UserRecord { email, phone, ..user(Role::Customer, 2) };
    let heir = stored_user(&*store, User::from_record(heir)).await;
    let found = store.find_by_email(&heir.email).await.unwrap();
    assert_eq!(found.map(|user| user.id), Some(heir.id), "a number that is no longer used is free");
}

/// Users of every role and status, some of them with skills in one or two categories.
fn crowd() -> Vec<UserRecord> {
    let mut users = Vec::new();
    for (number, role) in (0..60).zip(Role::ALL.into_iter().cycle()) {
        let mut record = user(role, number);
        if role == Role::Technician {
            let category = Category::ALL[usize::try_from(number / 5).unwrap() % 3];
            record = technician_record(number, category, nairobi());
            if number % 2 == 0 {
                let skills = &mut record.technician.as_mut().unwrap().skills;
                let mut more = skills[0].clone();
                more.category = Category::Other;
                skills.extend([more.clone(), more]);
            }
        }
        record.status = UserStatus::ALL[usize::try_from(number / 7).unwrap() % 4];
        users.push(record);
    }
    users
}

async fn stored_crowd(store: &dyn Store) -> Vec<UserRecord> {
    let mut crowd = crowd();
    for batch in crowd.chunks(20) {
        let set = batch.iter().cloned().map(User::from_record).map(Put::new);
        apply(store, set.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    crowd.sort_by_key(|record| record.id);
    crowd
}

pub(super) async fn are_listed_by_id_and_filter(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let crowd = stored_crowd(store).await;
    let roles = [None, Some(Role::Technician), Some(Role::Corporate)];
    let statuses = [None, Some(UserStatus::Active), Some(UserStatus::Banned)];
    let categories = [None, Some(Category::Plumbing), Some(Category::Other), Some(Category::Hvac)];
    for (role, status, category) in roles.into_iter().flat_map(|role| {
        statuses.into_iter().flat_map(move |status| categories.map(|category| (role, status, category)))
    }) {
        let filter = UserFilter { role, status, category };
        let skilled = |user: &UserRecord, category| {
            user.technician.as_ref().is_some_and(|profile| profile.best_skill(category).is_some())
        };
        let holds = |user: &&UserRecord| {
            role.is_none_or(|role| user.role == role)
                && status.is_none_or(|status| user.status == status)
                && category.is_none_or(|category| skilled(user, category))
        };
        let expected: Vec<Id<User>> = crowd.iter().filter(holds).map(|user| user.id).collect();
        let found = walk(7, |page| async move { store.list_users(filter, &page).await }).await;
        let found: Vec<Id<User>> = found.into_iter().map(|user| user.id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    let all = PageRequest::new(60, None).unwrap();
    let page = store.list_users(UserFilter::default(), &all).await.unwrap();
    assert_eq!(page.items.len(), 60);
    assert!(page.next_cursor.is_none(), "the last page has no cursor");
    assert_eq!(*page.items[0].value, crowd[0], "items have all their fields");
}

pub(super) async fn are_paged_while_others_come(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let crowd = stored_crowd(store).await;
    let list = |page| async move { store.list_users(UserFilter::default(), &page).await };
    let found = walk_while_changing(9, list, |number, _| async move {
        // New users that sort before and after the page that was read.
        for role in [Role::Customer, Role::Support] {
            stored_user(store, User::from_record(user(role, 100 + number))).await;
        }
    });
    let seen = found.await.into_iter().map(|user| ((), user.id)).collect();
    assert_complete(seen, crowd.iter().map(|user| user.id));
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    assert_refuses_foreign_cursors(
        |page| async move { store.list_users(UserFilter::default(), &page).await },
    )
    .await;
}
