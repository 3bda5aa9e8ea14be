use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Fixture,
    fixture::together,
    given::{apply, change, load_booking, pending, renamed, stored_user},
};
use crate::{
    booking::{Booking, BookingRecord},
    payment::{Transaction, TransactionKind, TransactionStatus},
    store::{AggregateRef, ChangeSet, DueItem, Lease, Put, Store, Stored},
    testing::build::{customer, kes, start, transaction, webhook},
};

fn minute(minutes: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minutes)
}

/// Takes up to 100 items for ten minutes.
async fn claim(store: &dyn Store, now: DateTime<Utc>) -> Vec<AggregateRef> {
    let items = store.claim_due(Lease { now, length: TimeDelta::minutes(10) }, 100).await.unwrap();
    items.into_iter().map(|item| item.target).collect()
}

/// Stores booking `n`, due at a minute.
async fn schedule(store: &dyn Store, n: u64, due: i64) -> AggregateRef {
    let put = Put::new(Booking::from_record(pending(n))).due_at(Some(minute(due)));
    apply(store, ChangeSet::new().write(put)).await;
    AggregateRef::Booking(pending(n).id)
}

pub(super) async fn gives_what_is_due_in_order(fixture: &dyn Fixture) {
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
    let items = store.claim_due(lease, 2).await.unwrap();
    let item = |target, due| DueItem { target, due_at: minute(due) };
    assert_eq!(
        items,
        [item(first, 10), item(second, 20)],
        "the longest due first, and no more than asked for"
    );
    assert_eq!(store.claim_due(lease, 0).await.unwrap(), []);
    let items = store.claim_due(lease, 2).await.unwrap();
    assert_eq!(items, [item(third, 30)], "what is due at this very moment is due");
    assert_eq!(claim(&*store, minute(31)).await, [fourth]);
}

pub(super) async fn gives_every_kind(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let (kind, status) = (TransactionKind::Tip, TransactionStatus::Initiated);
    let paid = Transaction::from_record(transaction(1, &customer(1), kind, status, kes(5)));
    let (user, call) = (customer(2), webhook(1));
    let expected = [
        AggregateRef::Transaction(paid.id),
        AggregateRef::Webhook(call.id),
        AggregateRef::User(user.id),
        schedule(&*store, 1, 40).await,
    ];
    let changes = ChangeSet::new()
        .write(Put::new(user).due_at(Some(minute(30))))
        .write(Put::new(paid).due_at(Some(minute(10))))
        .write(Put::new(call).due_at(Some(minute(20))));
    apply(&*store, changes).await;
    assert_eq!(claim(&*store, minute(60)).await, expected, "by time, whatever it is");
    assert_eq!(claim(&*store, minute(60)).await, [], "and each is leased");
    let AggregateRef::Transaction(id) = expected[0] else { return };
    let paid: Stored<Transaction> = store.load(id).await.unwrap().unwrap();
    apply(&*store, ChangeSet::new().write(Put::over(&paid, paid.value.clone()))).await;
    assert_eq!(claim(&*store, minute(70)).await, expected[1..], "a write says that nothing is to be done");
}

pub(super) async fn excludes_running_leases(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let item = schedule(&*store, 1, 0).await;
    assert_eq!(claim(&*store, minute(0)).await, [item]);
    assert_eq!(claim(&*store, minute(0)).await, []);
    assert_eq!(claim(&*store, minute(9)).await, []);
    let other = schedule(&*store, 2, 5).await;
    assert_eq!(claim(&*store, minute(9)).await, [other], "others are not kept back");
}

pub(super) async fn ends_leases_in_time(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let item = schedule(&*store, 1, 0).await;
    assert_eq!(claim(&*store, minute(0)).await, [item]);
    let later = schedule(&*store, 2, 5).await;
    assert_eq!(claim(&*store, minute(10)).await, [item, later], "again in the order of what is due");
    assert_eq!(claim(&*store, minute(19)).await, [], "and leased anew");
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
    assert_eq!(claim(&*store, minute(10)).await, [], "whose end is not the end of the next");
    write(Some(18)).await;
    assert_eq!(claim(&*store, minute(17)).await, [], "and says anew when");
    assert_eq!(claim(&*store, minute(18)).await, [item]);
    write(None).await;
    assert_eq!(claim(&*store, minute(1_000)).await, [], "or that nothing is to be done");
    write(Some(2)).await;
    assert_eq!(claim(&*store, minute(2)).await, [item]);
    // The write of another is no write of this one.
    let user = stored_user(&*store, customer(1)).await;
    apply(&*store, ChangeSet::new().write(Put::over(&user, renamed(&user, "Other")))).await;
    assert_eq!(claim(&*store, minute(3)).await, []);
}

pub(super) async fn gives_nothing_to_two_workers(fixture: &dyn Fixture) {
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
                let items = store.claim_due(lease, 3).await.expect("due work");
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
