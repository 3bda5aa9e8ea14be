use std::sync::Arc;

use super::{
    Fixture,
    fixture::together,
    given::{apply, claim, key, load_user, pending, rename, stored_user},
};
use crate::{
    account::{User, UserStamps, UserStatus},
    booking::Booking,
    kernel::Id,
    ports::Store,
    store::{AggregateRef, ChangeSet, Claim, Committed, Guard, Put, StoreError, Stored, Version},
    testing::build::{self, customer},
};

/// Increments the user's count of bookings, with retries after conflicts.
async fn count_up(store: Arc<dyn Store>, id: Id<User>) -> Result<(), StoreError> {
    loop {
        let user = load_user(&*store, id).await;
        let mut record = user.value.clone().into_record();
        record.stats.total_bookings += 1;
        match store.commit(ChangeSet::new().write(Put::over(&user, User::from_record(record)))).await {
            Ok(_) => return Ok(()),
            Err(StoreError::Conflict(_)) => {}
            Err(other) => return Err(other),
        }
    }
}

pub(super) async fn applies_every_writer_after_retries(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let id = stored_user(&*store, customer(1)).await.id;
    let results = together(fixture, (0..50).map(|_| count_up(Arc::clone(&store), id))).await;
    for result in results {
        result.expect("every writer succeeds");
    }
    let user = load_user(&*store, id).await;
    assert_eq!(user.stats.total_bookings, 50, "no update is lost");
    assert_eq!(user.version, Version::new(50));
}

/// Commits all sets concurrently and returns which of them were applied. The errors of the others must
/// satisfy `loses`.
async fn race(
    fixture: &dyn Fixture,
    store: &Arc<dyn Store>,
    rivals: Vec<ChangeSet>,
    loses: fn(&StoreError) -> bool,
) -> Vec<bool> {
    let commits = rivals.into_iter().map(|changes| {
        let store = Arc::clone(store);
        async move { store.commit(changes).await }
    });
    let won = |result: Result<Committed, StoreError>| match result {
        Ok(Committed::Applied) => true,
        Err(error) if loses(&error) => false,
        other => panic!("expected an applied set or the expected refusal, got {other:?}"),
    };
    together(fixture, commits).await.into_iter().map(won).collect()
}

const fn is_conflict(error: &StoreError) -> bool {
    matches!(error, StoreError::Conflict(_))
}

const fn is_claimed(error: &StoreError) -> bool {
    matches!(error, StoreError::Claimed(_))
}

pub(super) async fn applies_one_of_two_writers_of_a_version(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut user = stored_user(&*store, customer(1)).await;
    for round in 0..100 {
        let names = ["One", "Two"].map(|name| format!("{name}{round}"));
        let rivals = names.iter().map(|name| rename(&user, name)).collect();
        let won = race(fixture, &store, rivals, is_conflict).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "round {round}");
        user = load_user(&*store, user.id).await;
        let winner = &names[usize::from(won[1])];
        assert_eq!(user.first_name.as_str(), winner, "the stored value is that of the successful writer");
    }
}

fn rival(n: u64, things: &[&str]) -> ChangeSet {
    let booking = Booking::from_record(pending(n));
    let take = things.iter().map(|thing| claim(thing, booking.id)).collect();
    ChangeSet { take, ..ChangeSet::new().write(Put::new(booking)) }
}

pub(super) async fn gives_a_claim_to_one(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let won = race(fixture, &store, (0..50).map(|n| rival(n, &["slot"])).collect(), is_claimed).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "50 commits that take one claim");
    for (n, won) in (0..).zip(won) {
        let found: Option<Stored<Booking>> = store.load(pending(n).id).await.unwrap();
        assert_eq!(found.is_some(), won, "refused sets have no other effect");
    }
}

pub(super) async fn gives_overlapping_claims_to_one(fixture: &dyn Fixture) {
    // Neighbours overlap in one claim, and half of them take their claims in reverse order.
    let things = ["a", "b", "c", "d", "e"];
    let pairs: Vec<[&str; 2]> = (0..40)
        .map(|n| {
            let (one, two) = (things[n % 5], things[(n + 1) % 5]);
            if n % 2 == 0 { [one, two] } else { [two, one] }
        })
        .collect();
    let store = fixture.store().await;
    let rivals = (0..).zip(&pairs).map(|(n, pair)| rival(n, pair)).collect();
    let won = race(fixture, &store, rivals, is_claimed).await;
    let mut expected: Vec<Claim> = Vec::new();
    for (n, pair) in (0..).zip(&pairs).zip(&won).filter(|(_, won)| **won).map(|(rival, _)| rival) {
        expected.extend(pair.map(|thing| claim(thing, pending(n).id)));
    }
    expected.sort();
    assert!(!expected.is_empty(), "at least one commit succeeds");
    let held = store.held(&things.map(key)).await.unwrap();
    assert_eq!(
        held, expected,
        "each successful commit holds both of its claims, and no other commit holds any"
    );
}

pub(super) async fn answers_a_key_once(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let send = |n: u64| {
        let store = Arc::clone(&store);
        let answer = format!("booking {n}");
        let idempotency = Some(build::idempotency("key", "request", &answer));
        let changes =
            ChangeSet { idempotency, ..ChangeSet::new().write(Put::new(Booking::from_record(pending(n)))) };
        async move { (answer.into_bytes(), store.commit(changes).await) }
    };
    let results = together(fixture, (0..50).map(send)).await;
    let mut applied = Vec::new();
    let mut replayed = Vec::new();
    for (answer, result) in results {
        match result.expect("the same request is never refused") {
            Committed::Applied => applied.push(answer),
            Committed::Replayed(answer) => replayed.push(answer),
        }
    }
    assert_eq!((applied.len(), replayed.len()), (1, 49));
    assert!(replayed.iter().all(|answer| *answer == applied[0]), "every replay returns the same answer");
}

pub(super) async fn stops_write_skew(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut one = stored_user(&*store, customer(1)).await;
    let mut two = stored_user(&*store, customer(2)).await;
    for round in 0..200 {
        let rival = |written: &Stored<User>, guarded: &Stored<User>| {
            let guard = Guard::Version { target: AggregateRef::User(guarded.id), version: guarded.version };
            ChangeSet { guards: vec![guard], ..rename(written, &format!("Round{round}")) }
        };
        let won = race(fixture, &store, vec![rival(&one, &two), rival(&two, &one)], is_conflict).await;
        assert_eq!(
            won.iter().filter(|won| **won).count(),
            1,
            "round {round}: one is applied, one gets a conflict"
        );
        one = load_user(&*store, one.id).await;
        two = load_user(&*store, two.id).await;
    }
    // Each round has written exactly one of the two.
    assert_eq!(one.version.get() + two.version.get(), 200);
    apply(&*store, rename(&one, "Done")).await;
}

pub(super) async fn stops_write_skew_of_stamps(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut users = [stored_user(&*store, customer(1)).await, stored_user(&*store, customer(2)).await];
    for round in 0..100 {
        // Each set suspends one user under the condition that the other one is active.
        let suspend = |written: &Stored<User>, guarded: &Stored<User>| {
            let mut record = written.value.clone().into_record();
            record.status = UserStatus::Suspended;
            let guard = Guard::User { id: guarded.id, stamps: UserStamps::of(guarded) };
            let put = Put::over(written, User::from_record(record));
            ChangeSet { guards: vec![guard], ..ChangeSet::new().write(put) }
        };
        let rivals = vec![suspend(&users[0], &users[1]), suspend(&users[1], &users[0])];
        let won = race(fixture, &store, rivals, is_conflict).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "round {round}");
        for user in &mut users {
            let stored = load_user(&*store, user.id).await;
            if stored.status == UserStatus::Suspended {
                let mut record = stored.value.clone().into_record();
                record.status = UserStatus::Active;
                apply(&*store, ChangeSet::new().write(Put::over(&stored, User::from_record(record)))).await;
            }
            *user = load_user(&*store, user.id).await;
        }
    }
}
