use super::{
    Fixture,
    fixture::together,
    given::{apply, load_user, refuse, rename, stored_user},
};
use crate::{
    account::{StatsDelta, User},
    store::{ChangeSet, Put, StoreError, Tally},
    testing::build::{self, customer},
};

fn on(user: &User, add: StatsDelta) -> Tally {
    Tally::User { id: user.id, add }
}

fn counting(n: u64, tallies: Vec<Tally>) -> ChangeSet {
    ChangeSet { tallies, ..ChangeSet::new().write(Put::new(customer(n))) }
}

pub(super) async fn add_up_and_raise_the_version(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let add = StatsDelta {
        total: 1,
        completed: 2,
        cancelled: 3,
        arrivals: 4,
        late_arrivals: 1,
        earned: Some(build::kes(500)),
        spent: Some(build::kes(20)),
    };
    apply(&*store, counting(2, vec![on(&user, add)])).await;
    let back = StatsDelta { spent: Some(build::kes(-5)), ..StatsDelta::default() };
    apply(&*store, counting(3, vec![on(&user, add), on(&customer(2), back)])).await;
    let counted = load_user(&*store, user.id).await;
    assert_eq!(counted.version, user.version.next().next());
    assert_eq!(counted.value, user.value.counted(&add).counted(&add), "nothing else changes");
    assert_eq!(load_user(&*store, customer(2).id).await.stats.total_spent, Some(build::kes(-5)));
}

pub(super) async fn refuse_outdated_writes(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let add = StatsDelta { total: 1, ..StatsDelta::default() };
    apply(&*store, counting(2, vec![on(&user, add)])).await;
    let error = refuse(&*store, rename(&user, "Older")).await;
    assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
    apply(&*store, rename(&load_user(&*store, user.id).await, "Newer")).await;
    assert_eq!(load_user(&*store, user.id).await.stats.total_bookings, 1);
}

pub(super) async fn ignore_missing_users(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let add = StatsDelta { total: 1, ..StatsDelta::default() };
    apply(&*store, counting(2, vec![on(&customer(1), add)])).await;
    assert!(crate::store::Load::<User>::load(&*store, customer(1).id).await.unwrap().is_none());
}

pub(super) async fn refuse_users_that_the_set_also_writes(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let add = StatsDelta { total: 1, ..StatsDelta::default() };
    let error = refuse(&*store, counting(1, vec![on(&customer(1), add)])).await;
    assert!(matches!(error, StoreError::Malformed(_)), "{error:?}");
}

pub(super) async fn lose_none_in_a_race(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let add = StatsDelta { total: 1, ..StatsDelta::default() };
    let racers = (0..20_u64).map(|n| {
        let (store, set) = (store.clone(), counting(100 + n, vec![on(&user, add)]));
        async move { store.commit(set).await }
    });
    for outcome in together(fixture, racers).await {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    assert_eq!(load_user(&*store, user.id).await.stats.total_bookings, 20);
}
