//! Runs the store contract on the embedded store, and tests its additional guarantees.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use baitech_core::{
    memory::MemoryStore,
    store::{AggregateRef, ChangeSet, Commit, Committed, Event, Idempotency, Put, StoreError, Version},
    testing::{
        build,
        contract::{Promise, Threads, block_on},
    },
};
use chrono::{DateTime, TimeDelta, Utc};

fn check(promise: &Promise) {
    block_on(promise.check(&Threads(|| Arc::new(MemoryStore::new()) as _)));
}

baitech_core::contract_tests!(check);

/// Creates user `n` at the given time.
fn register(store: &MemoryStore, n: u64, at: DateTime<Utc>, request: Option<Idempotency>) -> Committed {
    let user = build::customer(n);
    let event: Event = build::event(AggregateRef::User(user.id), Version::FIRST, 0, at);
    let changes =
        ChangeSet { events: vec![event], idempotency: request, ..ChangeSet::new().write(Put::new(user)) };
    block_on(store.commit(changes)).unwrap()
}

#[test]
fn answers_expire_by_the_time_of_later_commits() {
    let store = MemoryStore::new();
    let hour = |hours| build::start() + TimeDelta::hours(hours);
    let asked =
        Idempotency { expires_at: Some(hour(2)), ..build::idempotency("key", "request", "first answer") };
    let answered = || block_on(store.answered(&asked.scope, &asked.key, asked.fingerprint)).unwrap();
    assert_eq!(register(&store, 1, hour(0), Some(asked.clone())), Committed::Applied);
    assert_eq!(register(&store, 2, hour(1), None), Committed::Applied);
    assert_eq!(answered().as_deref(), Some(&b"first answer"[..]));
    assert_eq!(register(&store, 3, hour(2), None), Committed::Applied);
    assert_eq!(answered(), None);

    let again =
        Idempotency { expires_at: Some(hour(9)), ..build::idempotency("key", "request", "second answer") };
    assert_eq!(register(&store, 4, hour(3), Some(again)), Committed::Applied, "the key is free again");
    assert_eq!(register(&store, 5, hour(4), None), Committed::Applied);
    assert_eq!(answered().as_deref(), Some(&b"second answer"[..]), "the new answer has its own expiry");
}

#[test]
fn refused_commit_does_not_advance_the_time() {
    let store = MemoryStore::new();
    let expires_at = Some(build::start() + TimeDelta::hours(1));
    let asked = Idempotency { expires_at, ..build::idempotency("key", "request", "answer") };
    assert_eq!(register(&store, 1, build::start(), Some(asked.clone())), Committed::Applied);
    let user = build::customer(1);
    let far = build::start() + TimeDelta::days(1);
    let events = vec![build::event(AggregateRef::User(user.id), Version::FIRST, 0, far)];
    let refused = block_on(store.commit(ChangeSet { events, ..ChangeSet::new().write(Put::new(user)) }));
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    let answer = block_on(store.answered(&asked.scope, &asked.key, asked.fingerprint)).unwrap();
    assert_eq!(answer, Some(asked.answer));
}

#[test]
fn debug_output_contains_no_personal_data() {
    let store = MemoryStore::new();
    assert_eq!(register(&store, 1, build::start(), None), Committed::Applied);
    let shown = format!("{store:?}");
    assert!(shown.contains("users: 1"), "{shown}");
    assert!(!shown.contains("example.ke"), "{shown}");
}
