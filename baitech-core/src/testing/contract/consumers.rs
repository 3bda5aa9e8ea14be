use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Fixture,
    fixture::together,
    given::{apply, count, likes_of, load_user, refuse, rename, stored_user},
    pages::{assert_refuses_foreign_cursors, walk},
};
use crate::{
    account::User,
    kernel::Id,
    ports::Store,
    store::{
        AggregateRef, ChangeSet, Committed, Consumed, ConsumedStep, ConsumerCursor, ConsumerName,
        ConsumingEnd, CounterDelta, Lease, LogStart, LogToken, ParkedEvent, Seq, StoreError,
    },
    testing::{
        build::{self, customer, event, start},
        read_whole_log,
    },
};

const MAILER: ConsumerName = ConsumerName::new("mailer");
const SEARCH: ConsumerName = ConsumerName::new("search");

fn minute(minutes: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minutes)
}

fn lease(minutes: i64) -> Lease {
    Lease { now: minute(minutes), length: TimeDelta::minutes(10) }
}

fn step(consumer: ConsumerName, step: ConsumedStep) -> ChangeSet {
    ChangeSet { consumed: Some(Consumed { consumer, step }), ..ChangeSet::new() }
}

fn handled(from: u64, to: u64) -> ConsumedStep {
    ConsumedStep::Handled { from: Seq::new(from), to: Seq::new(to), next: None }
}

fn parked(from: u64) -> ConsumedStep {
    ConsumedStep::Parked { from: Seq::new(from), reason: format!("broken {from}"), at: minute(5) }
}

/// Moves a cursor.
pub(super) async fn advance(store: &dyn Store, consumer: ConsumerName, from: Seq, to: Seq) {
    apply(store, step(consumer, ConsumedStep::Handled { from, to, next: None })).await;
}

/// A store with a user and this many numbered events.
async fn with_events(fixture: &dyn Fixture, events: u32) -> (Arc<dyn Store>, Id<User>) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let target = AggregateRef::User(user.id);
    let events = (0..events).map(|n| event(target, user.version.next(), n, start())).collect();
    apply(&*store, ChangeSet { events, ..rename(&user, "Name") }).await;
    read_whole_log(&*store).await;
    (store, user.id)
}

async fn cursor_of(store: &dyn Store, consumer: ConsumerName) -> ConsumerCursor {
    let all = store.list_consumers().await.unwrap();
    *all.iter().find(|cursor| cursor.consumer == consumer).expect("the consumer is listed")
}

async fn list_parked(store: &dyn Store, limit: u32) -> Vec<ParkedEvent> {
    walk(limit, |page| async move { store.list_parked(&page).await }).await
}

pub(super) async fn begin_where_they_ask(fixture: &dyn Fixture) {
    let (store, _) = with_events(fixture, 3).await;
    assert_eq!(store.list_consumers().await.unwrap(), []);
    let search = store.open_consumer(SEARCH, LogStart::First).await.unwrap();
    let mailer = store.open_consumer(MAILER, LogStart::End).await.unwrap();
    let new =
        |consumer, seq| ConsumerCursor { consumer, seq: Seq::new(seq), attempts: 0, leased_until: None };
    assert_eq!((search, mailer), (new(SEARCH, 0), new(MAILER, 3)));
    advance(&*store, SEARCH, Seq::START, Seq::new(2)).await;
    let again = store.open_consumer(SEARCH, LogStart::First).await.unwrap();
    assert_eq!(again, new(SEARCH, 2), "a known consumer continues");
    assert_eq!(store.list_consumers().await.unwrap(), [mailer, again], "by name");
}

pub(super) async fn are_leased_to_one_process(fixture: &dyn Fixture) {
    let (store, _) = with_events(fixture, 3).await;
    assert_eq!(store.begin_consuming(MAILER, lease(0)).await.unwrap(), None, "there is no such consumer");
    store.open_consumer(MAILER, LogStart::First).await.unwrap();
    let first = store.begin_consuming(MAILER, lease(0)).await.unwrap().expect("the consumer is free");
    assert_eq!((first.attempts, first.leased_until), (1, Some(minute(10))));
    assert_eq!(store.begin_consuming(MAILER, lease(9)).await.unwrap(), None, "the lease runs");
    let second = store.begin_consuming(MAILER, lease(10)).await.unwrap().expect("the lease has expired");
    assert_eq!((second.attempts, second.leased_until), (2, Some(minute(20))), "every attempt is counted");
    let retry = ConsumingEnd::Retry { at: minute(30) };
    assert!(!store.end_consuming(&first, retry).await.unwrap(), "the first lease is over");
    assert!(store.end_consuming(&second, retry).await.unwrap());
    assert_eq!(store.begin_consuming(MAILER, lease(29)).await.unwrap(), None, "the next attempt waits");
    let third = store.begin_consuming(MAILER, lease(30)).await.unwrap().expect("the wait is over");
    assert_eq!(third.attempts, 3);
    assert!(store.end_consuming(&third, ConsumingEnd::Released).await.unwrap());
    assert!(!store.end_consuming(&third, ConsumingEnd::Released).await.unwrap());
    let fourth = store.begin_consuming(MAILER, lease(30)).await.unwrap().expect("the consumer is free");
    assert_eq!(fourth.attempts, 1, "the attempts were reset");
    // Progress resets the attempts. It ends the lease, or begins the next one.
    let next = ConsumedStep::Handled { from: Seq::START, to: Seq::new(1), next: Some(lease(35)) };
    apply(&*store, step(MAILER, next)).await;
    let cursor = cursor_of(&*store, MAILER).await;
    assert_eq!((cursor.seq, cursor.attempts, cursor.leased_until), (Seq::new(1), 1, Some(minute(45))));
    assert!(!store.end_consuming(&fourth, retry).await.unwrap(), "its lease is over");
    apply(&*store, step(MAILER, handled(1, 3))).await;
    let cursor = cursor_of(&*store, MAILER).await;
    assert_eq!((cursor.seq, cursor.attempts, cursor.leased_until), (Seq::new(3), 0, None));
}

pub(super) async fn move_together_with_their_effects(fixture: &dyn Fixture) {
    let (store, id) = with_events(fixture, 3).await;
    store.open_consumer(MAILER, LogStart::First).await.unwrap();
    let user = load_user(&*store, id).await;
    let both = |name, from, to| ChangeSet {
        consumed: step(MAILER, handled(from, to)).consumed,
        ..rename(&user, name)
    };
    apply(&*store, both("First", 0, 2)).await;
    assert_eq!(load_user(&*store, id).await.value.first_name.as_str(), "First");
    // The cursor has moved, so the same events have no second effect.
    let user = load_user(&*store, id).await;
    let again = ChangeSet { consumed: step(MAILER, handled(0, 2)).consumed, ..rename(&user, "Second") };
    let error = refuse(&*store, again).await;
    assert!(matches!(error, StoreError::CursorConflict(MAILER)), "{error:?}");
    assert_eq!(load_user(&*store, id).await.value.first_name.as_str(), "First");
    // The effect is refused, so the cursor does not move.
    let error = refuse(&*store, both("Third", 2, 3)).await;
    assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
    assert_eq!(cursor_of(&*store, MAILER).await.seq, Seq::new(2));
    let unknown = refuse(&*store, step(SEARCH, handled(0, 1))).await;
    assert!(matches!(unknown, StoreError::CursorConflict(SEARCH)), "{unknown:?}");
    let mut answered = step(MAILER, handled(2, 3));
    answered.idempotency = Some(build::idempotency("key", "request", "answer"));
    let error = refuse(&*store, answered).await;
    assert!(matches!(error, StoreError::Malformed(_)), "{error:?}");
}

pub(super) async fn take_effect_once_in_a_race(fixture: &dyn Fixture) {
    let (store, id) = with_events(fixture, 20).await;
    store.open_consumer(MAILER, LogStart::First).await.unwrap();
    let counter = likes_of(id);
    // Four processes without leases, each of which handles every event that it sees.
    let consume = |_| {
        let store = Arc::clone(&store);
        async move {
            loop {
                let cursor = cursor_of(&*store, MAILER).await;
                let token = LogToken { seq: cursor.seq, ..store.log_state().await.unwrap().end() };
                let Some(entry) = store.read_log(token, 1).await.unwrap().pop() else { return };
                let counters = vec![CounterDelta { key: counter, by: 1 }];
                let moved = ConsumedStep::Handled { from: cursor.seq, to: entry.seq, next: None };
                match store.commit(ChangeSet { counters, ..step(MAILER, moved) }).await {
                    Ok(Committed::Applied) | Err(StoreError::CursorConflict(MAILER)) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    };
    together(fixture, (0..4).map(consume)).await;
    assert_eq!(count(&*store, counter).await, 20, "each event has one effect");
    assert_eq!(cursor_of(&*store, MAILER).await.seq, Seq::new(20));
}

pub(super) async fn park_events_until_they_recover(fixture: &dyn Fixture) {
    let (store, id) = with_events(fixture, 3).await;
    let entries = read_whole_log(&*store).await;
    store.open_consumer(MAILER, LogStart::First).await.unwrap();
    apply(&*store, step(MAILER, parked(0))).await;
    assert_eq!(cursor_of(&*store, MAILER).await.seq, Seq::new(1), "the consumer goes on");
    let error = refuse(&*store, step(MAILER, parked(0))).await;
    assert!(matches!(error, StoreError::CursorConflict(MAILER)), "{error:?}");
    let expected = ParkedEvent {
        consumer: MAILER,
        seq: Seq::new(1),
        event: entries[0].event.clone(),
        reason: "broken 0".to_owned(),
        parked_at: minute(5),
    };
    assert_eq!(list_parked(&*store, 10).await, std::slice::from_ref(&expected));
    // The log forgets the event, but the parked event stays.
    advance(&*store, MAILER, Seq::new(1), Seq::new(3)).await;
    assert_eq!(store.trim_log(minute(99), 10).await.unwrap(), 3);
    assert_eq!(store.take_parked(MAILER).await.unwrap(), None, "no retry was requested");
    assert!(!store.retry_parked(MAILER, Seq::new(2)).await.unwrap(), "it is not parked");
    assert!(!store.retry_parked(SEARCH, Seq::new(1)).await.unwrap());
    assert!(store.retry_parked(MAILER, Seq::new(1)).await.unwrap());
    assert_eq!(store.take_parked(SEARCH).await.unwrap(), None);
    assert_eq!(store.take_parked(MAILER).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.take_parked(MAILER).await.unwrap(), None, "one process takes it");
    assert_eq!(list_parked(&*store, 10).await, [expected], "it stays parked until it has recovered");
    let recovered = ChangeSet {
        counters: vec![CounterDelta { key: likes_of(id), by: 1 }],
        ..step(MAILER, ConsumedStep::Recovered { seq: Seq::new(1) })
    };
    apply(&*store, recovered.clone()).await;
    assert_eq!(list_parked(&*store, 10).await, []);
    let error = refuse(&*store, recovered).await;
    assert!(matches!(error, StoreError::CursorConflict(MAILER)), "{error:?}");
    assert_eq!(count(&*store, likes_of(id)).await, 1, "it recovers once");
}

pub(super) async fn are_removed_with_their_parked_events(fixture: &dyn Fixture) {
    let (store, _) = with_events(fixture, 3).await;
    for consumer in [MAILER, SEARCH] {
        store.open_consumer(consumer, LogStart::First).await.unwrap();
        apply(&*store, step(consumer, parked(0))).await;
    }
    assert_eq!(store.trim_log(minute(99), 10).await.unwrap(), 1, "up to the slowest consumer");
    assert!(store.remove_consumer(MAILER).await.unwrap());
    assert!(!store.remove_consumer(MAILER).await.unwrap());
    let left: Vec<ConsumerName> =
        list_parked(&*store, 10).await.iter().map(|parked| parked.consumer).collect();
    assert_eq!(left, [SEARCH]);
    assert!(store.remove_consumer(SEARCH).await.unwrap());
    assert_eq!(store.trim_log(minute(99), 10).await.unwrap(), 2, "nobody reads the log");
}

pub(super) async fn list_parked_events_in_pages(fixture: &dyn Fixture) {
    let (store, _) = with_events(fixture, 12).await;
    let mut expected = Vec::new();
    for consumer in [SEARCH, MAILER] {
        store.open_consumer(consumer, LogStart::First).await.unwrap();
        for from in 0..12 {
            apply(&*store, step(consumer, parked(from))).await;
            expected.push((consumer, Seq::new(from + 1)));
        }
    }
    expected.sort();
    for limit in [1, 5, 100] {
        let places =
            list_parked(&*store, limit).await.into_iter().map(|parked| (parked.consumer, parked.seq));
        assert_eq!(places.collect::<Vec<_>>(), expected, "by consumer and number");
    }
    let store = &*store;
    assert_refuses_foreign_cursors(|page| async move { store.list_parked(&page).await }).await;
}
