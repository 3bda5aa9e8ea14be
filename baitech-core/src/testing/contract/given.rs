//! Helpers with which the contract tests prepare a store.

use std::fmt::Debug;

use chrono::TimeDelta;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use crate::{
    account::User,
    booking::{Booking, BookingRecord, BookingStatus},
    kernel::{Id, Text},
    ports::Store,
    store::{
        AggregateRef, ChangeSet, Claim, ClaimKey, Committed, CounterKey, CounterName, Edge, EdgeKey,
        EdgeKind, EdgeValue, Put, StoreError, Stored, Version,
    },
    testing::build,
    transaction::{Transaction, TransactionRecord},
};

/// Commits a set and asserts that it is applied.
pub(super) async fn apply(store: &dyn Store, changes: ChangeSet) {
    let committed = store.commit(changes).await;
    assert!(matches!(committed, Ok(Committed::Applied)), "the set must be applied: {committed:?}");
}

/// Commits a set, asserts that it is refused, and returns the error.
pub(super) async fn refuse(store: &dyn Store, changes: ChangeSet) -> StoreError {
    match store.commit(changes).await {
        Ok(committed) => panic!("the set must be refused: {committed:?}"),
        Err(error) => error,
    }
}

/// Stores a new user and loads it.
pub(super) async fn stored_user(store: &dyn Store, user: User) -> Stored<User> {
    let id = user.id;
    apply(store, ChangeSet::new().write(Put::new(user))).await;
    load_user(store, id).await
}

/// Stores a new booking and loads it.
pub(super) async fn stored_booking(store: &dyn Store, booking: BookingRecord) -> Stored<Booking> {
    let id = booking.id;
    apply(store, ChangeSet::new().write(Put::new(Booking::from_record(booking)))).await;
    load_booking(store, id).await
}

/// Stores a new transaction and loads it.
pub(super) async fn stored_transaction(store: &dyn Store, record: TransactionRecord) -> Stored<Transaction> {
    let id = record.id;
    apply(store, ChangeSet::new().write(Put::new(Transaction::from_record(record)))).await;
    store.load(id).await.expect("loads").expect("is there")
}

pub(super) async fn load_user(store: &dyn Store, id: Id<User>) -> Stored<User> {
    store.load(id).await.expect("loads").expect("is there")
}

pub(super) async fn load_booking(store: &dyn Store, id: Id<Booking>) -> Stored<Booking> {
    store.load(id).await.expect("loads").expect("is there")
}

/// A customer's booking without a technician.
pub(super) fn pending(n: u64) -> BookingRecord {
    build::booking(n, &build::customer(1), None, BookingStatus::Pending)
}

/// The user with another name, a minute later.
pub(super) fn renamed(user: &User, name: &str) -> User {
    let mut record = user.clone().into_record();
    record.first_name = Text::from_stored(name);
    record.updated_at += TimeDelta::minutes(1);
    User::from_record(record)
}

/// A write of the user with another name.
pub(super) fn rename(user: &Stored<User>, name: &str) -> ChangeSet {
    ChangeSet::new().write(Put::over(user, renamed(user, name)))
}

/// A write of the booking after a change of its record, a minute later.
pub(super) fn change(booking: &Stored<Booking>, change: impl FnOnce(&mut BookingRecord)) -> Put<Booking> {
    let mut record = booking.value.clone().into_record();
    record.updated_at += TimeDelta::minutes(1);
    change(&mut record);
    Put::over(booking, Booking::from_record(record))
}

pub(super) fn key(thing: &str) -> ClaimKey {
    ClaimKey::new("test", thing)
}

pub(super) fn claim(thing: &str, holder: impl Into<AggregateRef>) -> Claim {
    Claim { key: key(thing), holder: holder.into() }
}

/// A kind of edge.
pub(super) const LIKE: EdgeKind = EdgeKind::new("like");
/// The value of edges without a choice.
pub(super) const SET: EdgeValue = EdgeValue::new("set");

/// The like of an aggregate by the `n`-th customer.
pub(super) fn like_by(n: u64, to: impl Into<AggregateRef>) -> EdgeKey {
    EdgeKey::new(LIKE, build::id::<User>(n), to)
}

/// The counter of likes of an aggregate.
pub(super) fn likes_of(of: impl Into<AggregateRef>) -> CounterKey {
    CounterKey::new(of, CounterName::new("likes"))
}

/// A set that puts the edge if it is absent and removes it otherwise, and counts it on the aggregate to which
/// it leads.
pub(super) fn toggle(edge: Edge) -> ChangeSet {
    let now = build::start();
    let change = if edge.is_present() { edge.remove(now) } else { edge.put(SET, now) };
    let change = change.expect("a change");
    let counters = change.deltas(|_| [likes_of(edge.key.to)]);
    ChangeSet { edges: vec![change], counters, ..ChangeSet::new() }
}

/// The value of one counter.
pub(super) async fn count(store: &dyn Store, key: CounterKey) -> i64 {
    match store.read_counters(&[key]).await.expect("counts")[..] {
        [count] => count,
        ref counts => panic!("one value for each key: {counts:?}"),
    }
}

/// All stored data that a change set can affect.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Traces {
    user: Option<(User, Version)>,
    booking: Option<(Booking, Version)>,
    claims: Vec<Claim>,
    like: Edge,
    likes: i64,
    events: Vec<crate::store::Event>,
    balances: Vec<(crate::ledger::Account, crate::kernel::Money)>,
    answer: Option<Vec<u8>>,
    due: Vec<AggregateRef>,
}

/// Reads the traces of a set that concerns one user, one booking, the claims `free` and `taken`, and the key
/// `key`. Due work is read with leases of zero length, which have no effect.
pub(super) async fn traces(store: &dyn Store, user: Id<User>, booking: Id<Booking>) -> Traces {
    let (like, likes) = (like_by(1, booking), likes_of(booking));
    let asked = build::idempotency("key", "request", "answer");
    let lease = crate::store::Lease { now: build::start() + TimeDelta::days(365), length: TimeDelta::zero() };
    let found: Option<Stored<User>> = store.load(user).await.unwrap();
    let user = found.map(|stored| (stored.value, stored.version));
    let found: Option<Stored<Booking>> = store.load(booking).await.unwrap();
    let booking = found.map(|stored| (stored.value, stored.version));
    Traces {
        user,
        booking,
        claims: store.held(&[key("free"), key("taken")]).await.unwrap(),
        like: store.load_edge(&like).await.unwrap(),
        likes: count(store, likes).await,
        events: crate::testing::committed_events(store).await,
        balances: store.trial_balance().await.unwrap(),
        answer: store.answered(&asked.scope, &asked.key, asked.fingerprint).await.unwrap(),
        due: store
            .claim_due(crate::kernel::Kind::ALL, lease, 100)
            .await
            .unwrap()
            .into_iter()
            .map(|item| item.target)
            .collect(),
    }
}

/// Generated records, the same in each run.
pub(super) fn samples<T: Debug>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let sample = || strategy.new_tree(&mut runner).expect("a sample").current();
    std::iter::repeat_with(sample).take(count).collect()
}
