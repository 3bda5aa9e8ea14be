use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Fixture,
    fixture::together,
    given::{apply, change, load_booking, pending, renamed, stored_user},
    pages::walk,
};
use crate::{
    booking::{Booking, BookingRecord},
    kernel::{Kind, PageRequest},
    ports::Store,
    store::{AggregateRef, AttemptEnd, ChangeSet, DueItem, Lease, Put, SetAsideItem, Stored, Write},
    testing::{
        Sample,
        build::{customer, reconciliation, start},
        sample_writes,
    },
    transaction::Transaction,
};

fn lease(now: i64) -> Lease {
    Lease { now: minute(now), length: TimeDelta::minutes(10) }
}

/// Leases the only item that is due at a minute.
async fn claim_one(store: &dyn Store, now: i64) -> DueItem {
    let items = store.claim_due(Kind::ALL, lease(now), 100).await.unwrap();
    let [item] = items.as_slice() else { panic!("one item is due: {items:?}") };
    *item
}

/// Leases the only item that is due at a minute, and begins an attempt.
async fn begin_one(store: &dyn Store, now: i64) -> DueItem {
    let item = claim_one(store, now).await;
    store.begin_due(&item, lease(now)).await.unwrap().expect("the item is under this lease")
}

async fn set_aside(store: &dyn Store, item: &DueItem, at: i64, reason: &str) {
    let end = AttemptEnd::SetAside { at: minute(at), reason: reason.to_owned() };
    assert!(store.end_due(item, end).await.unwrap());
}

/// Lists all items that are set aside, in pages of `limit`.
async fn list_aside(store: &dyn Store, limit: u32) -> Vec<SetAsideItem> {
    walk(limit, |page| async move { store.list_set_aside(&page).await }).await
}

fn minute(minutes: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minutes)
}

/// Leases up to 100 items for ten minutes.
async fn claim(store: &dyn Store, now: DateTime<Utc>) -> Vec<AggregateRef> {
    let items = store.claim_due(Kind::ALL, Lease { now, length: TimeDelta::minutes(10) }, 100).await.unwrap();
    items.into_iter().map(|item| item.target).collect()
}

/// Stores booking `n`, due at a minute.
async fn schedule(store: &dyn Store, n: u64, due: i64) -> AggregateRef {
    let put = Put::new(Booking::from_record(pending(n))).due_at(Some(minute(due)));
    apply(store, ChangeSet::new().write(put)).await;
    AggregateRef::Booking(pending(n).id)
}

pub(super) async fn gives_due_items_in_order(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let second = schedule(&*store, 1, 20).await;
    let fourth = schedule(&*store, 2, 31).await;
    let first = schedule(&*store, 3, 10).await;
    stored_user(&*store, customer(1)).await;
    let user = customer(2);
    let third = AggregateRef::User(user.id);
    apply(&*store, ChangeSet::new().write(Put::new(user).due_at(Some(minute(30))))).await;

    assert_eq!(claim(&*store, minute(9)).await, [], "nothing is due yet");
    let lease = Lease { now: minute(30), length: TimeDelta::minutes(10) };
    let items = store.claim_due(Kind::ALL, lease, 2).await.unwrap();
    let item =
        |target, due| DueItem { target, due_at: minute(due), leased_until: lease.until(), attempts: 0 };
    assert_eq!(items, [item(first, 10), item(second, 20)], "the earliest due first, up to the limit");
    assert_eq!(store.claim_due(Kind::ALL, lease, 0).await.unwrap(), []);
    let items = store.claim_due(Kind::ALL, lease, 2).await.unwrap();
    assert_eq!(items, [item(third, 30)], "an item is due at its exact due time");
    assert_eq!(claim(&*store, minute(31)).await, [fourth]);
}

pub(super) async fn gives_every_kind(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let kinds = (0..).zip(Kind::ALL.iter().rev());
    let due: BTreeMap<Kind, i64> = kinds.map(|(place, kind)| (*kind, 10 + 5 * place)).collect();
    let changes = ChangeSet { writes: sample_writes(2, |kind| Some(minute(due[&kind]))), ..ChangeSet::new() };
    let expected: Vec<_> = changes.writes.iter().rev().map(Write::target).collect();
    apply(&*store, changes).await;
    assert_eq!(claim(&*store, minute(60)).await, expected, "items of all kinds are ordered by time");
    assert_eq!(claim(&*store, minute(60)).await, [], "each item is leased");
    let paid: Stored<Transaction> = store.load(Transaction::sample(2).id).await.unwrap().unwrap();
    apply(&*store, ChangeSet::new().write(Put::over(&paid, paid.value.clone()))).await;
    let rest: Vec<_> = expected.into_iter().filter(|target| *target != paid.id.into()).collect();
    assert_eq!(claim(&*store, minute(70)).await, rest, "a write can clear the due time");
}

pub(super) async fn gives_only_the_kinds_asked_for(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let writes = sample_writes(2, |_| Some(minute(1)));
    apply(&*store, ChangeSet { writes, ..ChangeSet::new() }).await;
    let lease = lease(5);
    assert_eq!(store.claim_due(&[], lease, 100).await.unwrap(), []);
    for kind in Kind::ALL {
        let items = store.claim_due(&[*kind], lease, 100).await.unwrap();
        assert!(!items.is_empty(), "{kind}");
        assert!(items.iter().all(|item| item.target.kind() == *kind), "{kind}: {items:?}");
    }
    assert_eq!(claim(&*store, minute(5)).await, [], "all are leased");
}

pub(super) async fn excludes_running_leases(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let item = schedule(&*store, 1, 0).await;
    assert_eq!(claim(&*store, minute(0)).await, [item]);
    assert_eq!(claim(&*store, minute(0)).await, []);
    assert_eq!(claim(&*store, minute(9)).await, []);
    let other = schedule(&*store, 2, 5).await;
    assert_eq!(claim(&*store, minute(9)).await, [other], "other items can be leased");
}

pub(super) async fn ends_leases_in_time(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let item = schedule(&*store, 1, 0).await;
    assert_eq!(claim(&*store, minute(0)).await, [item]);
    let later = schedule(&*store, 2, 5).await;
    assert_eq!(
        claim(&*store, minute(10)).await,
        [item, later],
        "expired leases are given again, in the order of the due times"
    );
    assert_eq!(claim(&*store, minute(19)).await, [], "they are leased again");
    assert_eq!(claim(&*store, minute(20)).await, [item, later]);
}

pub(super) async fn follows_the_last_write(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let item = schedule(&*store, 1, 0).await;
    let write = |due: Option<i64>| {
        let store = Arc::clone(&store);
        async move {
            let booking = load_booking(&*store, pending(1).id).await;
            let put = change(&booking, |_: &mut BookingRecord| {}).due_at(due.map(minute));
            apply(&*store, ChangeSet::new().write(put)).await;
        }
    };
    assert_eq!(claim(&*store, minute(0)).await, [item]);
    write(Some(1)).await;
    assert_eq!(claim(&*store, minute(1)).await, [item], "a write ends the lease");
    assert_eq!(claim(&*store, minute(10)).await, [], "an ended lease cannot end the next one");
    write(Some(18)).await;
    assert_eq!(claim(&*store, minute(17)).await, [], "a write sets a new due time");
    assert_eq!(claim(&*store, minute(18)).await, [item]);
    write(None).await;
    assert_eq!(claim(&*store, minute(1_000)).await, [], "a write can clear the due time");
    write(Some(2)).await;
    assert_eq!(claim(&*store, minute(2)).await, [item]);
    // A write of another aggregate does not affect this one.
    let user = stored_user(&*store, customer(1)).await;
    apply(&*store, ChangeSet::new().write(Put::over(&user, renamed(&user, "Other")))).await;
    assert_eq!(claim(&*store, minute(3)).await, []);
}

pub(super) async fn gives_no_item_to_two_workers(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut expected = Vec::new();
    for n in 0..40 {
        expected.push(schedule(&*store, n, 0).await);
    }
    let work = |_| {
        let store = Arc::clone(&store);
        async move {
            let mut done = Vec::new();
            loop {
                let lease = Lease { now: minute(1), length: TimeDelta::minutes(10) };
                let items = store.claim_due(Kind::ALL, lease, 3).await.expect("due work");
                if items.is_empty() {
                    return done;
                }
                done.extend(items.into_iter().map(|item| item.target));
            }
        }
    };
    let mut done: Vec<AggregateRef> = together(fixture, (0..8).map(work)).await.concat();
    done.sort();
    assert_eq!(done, expected, "each item once");
}

pub(super) async fn counts_attempts_that_are_begun(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let target = schedule(&*store, 1, 0).await;
    let claimed = claim_one(&*store, 0).await;
    assert_eq!(claimed.attempts, 0, "a lease alone is no attempt");
    let begun = store.begin_due(&claimed, lease(5)).await.unwrap().unwrap();
    assert_eq!((begun.target, begun.attempts, begun.leased_until), (target, 1, minute(15)));
    assert_eq!(store.begin_due(&claimed, lease(5)).await.unwrap(), None, "the attempt renews the lease");
    assert_eq!(claim(&*store, minute(14)).await, [], "the lease runs from the start of the attempt");

    // The worker that began the attempt did not report its end.
    let claimed = claim_one(&*store, 15).await;
    assert_eq!(claimed.attempts, 1);
    assert!(!store.end_due(&begun, AttemptEnd::Forgotten).await.unwrap(), "the lease differs");
    assert_eq!(store.begin_due(&claimed, lease(15)).await.unwrap().unwrap().attempts, 2);

    let booking = load_booking(&*store, pending(1).id).await;
    let put = change(&booking, |_: &mut BookingRecord| {}).due_at(Some(minute(20)));
    apply(&*store, ChangeSet::new().write(put)).await;
    let late = AttemptEnd::SetAside { at: minute(20), reason: "too late".to_owned() };
    assert!(!store.end_due(&claimed, late).await.unwrap(), "a write ends the lease");
    assert_eq!(list_aside(&*store, 10).await, []);
    assert_eq!(claim_one(&*store, 20).await.attempts, 0, "a write resets the attempts");
}

pub(super) async fn ends_attempts_as_requested(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let target = schedule(&*store, 1, 0).await;
    let begun = begin_one(&*store, 0).await;
    assert!(store.end_due(&begun, AttemptEnd::Retry { at: minute(30) }).await.unwrap());
    assert_eq!(claim(&*store, minute(29)).await, []);
    let begun = begin_one(&*store, 30).await;
    assert_eq!((begun.target, begun.attempts, begun.due_at), (target, 2, minute(0)));
    assert!(store.end_due(&begun, AttemptEnd::Forgotten).await.unwrap());
    assert_eq!(claim(&*store, minute(39)).await, [], "the lease continues");
    assert_eq!(begin_one(&*store, 40).await.attempts, 1);
}

pub(super) async fn sets_aside_until_released(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let target = schedule(&*store, 1, 3).await;
    let begun = begin_one(&*store, 4).await;
    set_aside(&*store, &begun, 5, "it cannot be read").await;
    assert_eq!(claim(&*store, minute(10_000)).await, []);
    let item = SetAsideItem {
        target,
        reason: "it cannot be read".to_owned(),
        attempts: 1,
        due_at: minute(3),
        set_aside_at: minute(5),
    };
    assert_eq!(list_aside(&*store, 10).await, [item]);

    assert!(store.release_due(target).await.unwrap());
    assert!(!store.release_due(target).await.unwrap(), "it is no longer set aside");
    assert!(
        !store.release_due(AggregateRef::User(customer(9).id)).await.unwrap(),
        "a missing item cannot be released"
    );
    assert_eq!(list_aside(&*store, 10).await, []);
    let claimed = claim_one(&*store, 6).await;
    assert_eq!((claimed.target, claimed.due_at, claimed.attempts), (target, minute(3), 0));

    // A write sets a new due time or clears it.
    for due in [Some(7), None] {
        let begun = store.begin_due(&claimed, lease(6)).await.unwrap();
        let begun = match begun {
            Some(begun) => begun,
            None => begin_one(&*store, 7).await,
        };
        set_aside(&*store, &begun, 8, "again").await;
        assert_eq!(list_aside(&*store, 10).await.len(), 1);
        let booking = load_booking(&*store, pending(1).id).await;
        let put = change(&booking, |_: &mut BookingRecord| {}).due_at(due.map(minute));
        apply(&*store, ChangeSet::new().write(put)).await;
        assert_eq!(list_aside(&*store, 10).await, []);
        assert!(!store.release_due(target).await.unwrap());
    }
    assert_eq!(claim(&*store, minute(10_000)).await, []);
}

pub(super) async fn lists_set_aside_items_in_pages(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    for n in 1..=3 {
        schedule(&*store, n, 0).await;
    }
    let writes = sample_writes(4, |_| Some(minute(0)));
    apply(&*store, ChangeSet { writes, ..ChangeSet::new() }).await;
    let mut expected = Vec::new();
    for (n, item) in store.claim_due(Kind::ALL, lease(0), 100).await.unwrap().into_iter().enumerate() {
        let begun = store.begin_due(&item, lease(0)).await.unwrap().unwrap();
        // The first two are due earlier than the others, which share one due time.
        let at = if n < 2 { 1 } else { 2 };
        set_aside(&*store, &begun, at, "broken").await;
        expected.push((std::cmp::Reverse(minute(at)), item.target));
    }
    assert_eq!(expected.len(), 3 + Kind::ALL.len());
    expected.sort();
    let expected: Vec<_> = expected.into_iter().map(|(_, target)| target).collect();
    for limit in [1, 2, 4, 7, 100] {
        let found = list_aside(&*store, limit).await;
        let found: Vec<_> = found.into_iter().map(|item| item.target).collect();
        assert_eq!(found, expected, "in pages of {limit}");
    }
    let wrong = crate::kernel::Cursor::from_text("no cursor");
    let refused = store.list_set_aside(&PageRequest::new(1, Some(wrong)).unwrap()).await.unwrap_err();
    assert!(matches!(refused, crate::store::StoreError::Cursor(_)), "{refused:?}");
}

pub(super) async fn finds_set_aside_items_by_target(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let (waiting, aside) = (schedule(&*store, 1, 50).await, schedule(&*store, 2, 0).await);
    let job = reconciliation(1);
    let other = AggregateRef::Reconciliation(job.id);
    apply(&*store, ChangeSet::new().write(Put::new(job).due_at(Some(minute(0))))).await;
    for item in store.claim_due(Kind::ALL, lease(0), 100).await.unwrap() {
        let begun = store.begin_due(&item, lease(0)).await.unwrap().unwrap();
        set_aside(&*store, &begun, 1, "broken").await;
    }
    let listed = list_aside(&*store, 10).await;
    assert_eq!(listed.len(), 2);
    let missing = AggregateRef::User(customer(9).id);
    let asked = [other, waiting, missing, aside, other];
    let mut found = store.find_set_aside(&asked).await.unwrap();
    found.sort_by_key(|item| item.target);
    assert_eq!(found, listed, "each item once, and only items that are set aside");
    assert_eq!(store.find_set_aside(&[waiting, missing]).await.unwrap(), []);
    assert_eq!(store.find_set_aside(&[]).await.unwrap(), []);
    assert!(store.release_due(other).await.unwrap());
    assert_eq!(store.find_set_aside(&[other]).await.unwrap(), []);
}
