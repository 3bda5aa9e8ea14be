use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Fixture,
    fixture::together,
    given::{apply, change, load_user, pending, rename, renamed, stored_booking, stored_user},
};
use crate::{
    account::User,
    kernel::Id,
    ports::Store,
    store::{
        AggregateRef, ChangeSet, ConsumerName, Event, LogEntry, LogStart, LogToken, Put, Seq, StoreError,
        Stored, Subject, Topic, TopicEvents,
    },
    testing::{
        build::{self, customer, event, start},
        committed_events, read_whole_log,
    },
};

/// A write of the user with `count` events.
fn happening(user: &Stored<User>, at: DateTime<Utc>, count: u32) -> ChangeSet {
    let target = AggregateRef::User(user.id);
    // Not in order: `n` defines the order.
    let events = (0..count).rev().map(|n| event(target, user.version.next(), n, at)).collect();
    ChangeSet { events, ..ChangeSet::new().write(Put::over(user, renamed(user, "Name"))) }
}

async fn happen(store: &dyn Store, id: Id<User>, minutes: i64, count: u32) {
    let user = load_user(store, id).await;
    apply(store, happening(&user, start() + TimeDelta::minutes(minutes), count)).await;
}

/// Commits a write with `count` events, until no conflict occurs.
async fn happen_at_last(store: &dyn Store, id: Id<User>, count: u32) {
    loop {
        let user = load_user(store, id).await;
        match store.commit(happening(&user, start(), count)).await {
            Ok(_) => return,
            Err(StoreError::Conflict(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Tells loops of other tasks to end, also if its own task panics.
struct Ends(Arc<AtomicBool>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Whether a loop goes on. It waits a little, so that a store with one lock answers the other tasks too.
fn goes_on(is_over: &AtomicBool) -> bool {
    std::thread::sleep(std::time::Duration::from_millis(1));
    !is_over.load(Ordering::SeqCst)
}

/// Numbers all events in steps of `limit`.
async fn number_all(store: &dyn Store, limit: usize) {
    while store.number_events(limit).await.unwrap() > 0 {}
}

fn place(event: &Event) -> (Subject, u32) {
    (event.subject, event.n)
}

/// Requires that entries have consecutive numbers, and that each subject's events are in their order.
fn assert_in_order(entries: &[LogEntry]) {
    let mut last: HashMap<String, (u64, u32)> = HashMap::new();
    for (before, entry) in entries.iter().zip(entries.iter().skip(1)) {
        assert_eq!(before.seq.next(), entry.seq, "no gap");
    }
    for entry in entries {
        let event = entry.event.as_ref().unwrap();
        let subject = match event.subject {
            Subject::Aggregate { aggregate, version: _ } => aggregate.to_string(),
            Subject::Edge { edge, revision: _ } => edge.to_string(),
        };
        let place = (event.subject.number(), event.n);
        if let Some(earlier) = last.insert(subject, place) {
            assert!(earlier < place, "{event:?} comes after {earlier:?}");
        }
    }
}

pub(super) async fn numbers_events_in_their_order(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let empty = store.log_state().await.unwrap();
    assert_eq!((empty.first, empty.last), (Seq::new(1), Seq::START));
    assert_eq!(store.number_events(10).await.unwrap(), 0);
    let one = stored_user(&*store, customer(1)).await.id;
    let two = stored_user(&*store, customer(2)).await.id;
    happen(&*store, two, 3, 1).await;
    happen(&*store, one, 2, 12).await;
    happen(&*store, one, 2, 2).await;
    assert_eq!(store.read_log(empty.start(), 100).await.unwrap(), [], "events without a number are not read");
    number_all(&*store, 100).await;
    let entries = store.read_log(empty.start(), 100).await.unwrap();
    assert_eq!(entries.len(), 15);
    assert_eq!(entries[0].seq, Seq::new(1), "the first event has number 1");
    assert_in_order(&entries);
    let state = store.log_state().await.unwrap();
    assert_eq!((state.first, state.last), (Seq::new(1), Seq::new(15)));
    let after = LogToken { seq: Seq::new(5), ..state.start() };
    assert_eq!(store.read_log(after, 4).await.unwrap(), &entries[5..9]);
    assert_eq!(store.read_log(after, 0).await.unwrap(), []);
    assert_eq!(store.read_log(state.end(), 10).await.unwrap(), []);
    happen(&*store, two, 4, 1).await;
    assert_eq!(store.number_events(10).await.unwrap(), 1);
    assert_eq!(store.read_log(state.end(), 10).await.unwrap().len(), 1);
}

/// The events of a topic, read in steps of `limit` until the end of the log.
async fn follow(store: &dyn Store, topic: Topic, mut after: LogToken, limit: usize) -> Vec<LogEntry> {
    let mut found = Vec::new();
    loop {
        let end = store.log_state().await.unwrap().end();
        let TopicEvents { entries, next } = store.read_topic(topic, after, limit).await.unwrap();
        assert!(entries.len() <= limit && next.seq >= after.seq);
        found.extend(entries);
        if next.seq >= end.seq {
            return found;
        }
        assert!(next.seq > after.seq, "it goes on");
        after = next;
    }
}

pub(super) async fn is_read_by_topic(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let (one, two) = (stored_user(store, customer(1)).await.id, stored_user(store, customer(2)).await.id);
    for (who, count) in [(one, 2), (two, 3), (one, 1), (two, 1)] {
        happen(store, who, 1, count).await;
    }
    let start = store.log_state().await.unwrap().start();
    let topic = Topic::new(one);
    let before = store.read_topic(topic, start, 10).await.unwrap();
    assert_eq!((before.entries, before.next), (Vec::new(), start), "events without a number are not read");
    number_all(store, 100).await;
    let all = read_whole_log(store).await;
    for (of, others) in [(one, 3), (two, 4)] {
        let topic = Topic::new(of);
        let expected: Vec<LogEntry> =
            all.iter().filter(|entry| entry.event.as_ref().unwrap().topics == [topic]).cloned().collect();
        assert_eq!(expected.len(), others);
        for limit in [1, 2, 3, 100] {
            assert_eq!(follow(store, topic, start, limit).await, expected, "in steps of {limit}");
        }
    }
    let none = store.read_topic(topic, start, 0).await.unwrap();
    assert_eq!((none.entries, none.next), (Vec::new(), start), "a limit of 0 skips nothing");
    let unknown = store.read_topic(Topic::new(build::id::<User>(9)), start, 5).await.unwrap();
    assert_eq!((unknown.entries, unknown.next), (Vec::new(), store.log_state().await.unwrap().end()));
    let lost = LogToken { epoch: Id::from_bytes([1; 12]), ..start };
    assert!(matches!(store.read_topic(topic, lost, 5).await, Err(StoreError::HistoryLost)));
    assert!(store.trim_log(DateTime::<Utc>::MAX_UTC, 1).await.unwrap() > 0);
    assert!(matches!(store.read_topic(topic, start, 5).await, Err(StoreError::HistoryLost)));
}

pub(super) async fn misses_no_event_of_a_topic_while_many_write_and_number(fixture: &dyn Fixture) {
    const WRITERS: u64 = 4;
    const ROUNDS: usize = 25;
    let store = fixture.store().await;
    let ids: Vec<Id<User>> = (1..=WRITERS).map(|n| customer(n).id).collect();
    for n in 1..=WRITERS {
        stored_user(&*store, customer(n)).await;
    }
    let start = store.log_state().await.unwrap().start();
    let mut tasks: Vec<super::Task> = Vec::new();
    for id in ids.clone() {
        let store = store.clone();
        tasks.push(Box::pin(async move {
            for _ in 0..ROUNDS {
                happen_at_last(&*store, id, 2).await;
                // Every writer also numbers, so that batches of several users overlap.
                let _ = store.number_events(3).await;
            }
        }));
    }
    for id in ids {
        let store = store.clone();
        tasks.push(Box::pin(async move {
            let (mut after, mut versions) = (start, Vec::new());
            while versions.len() < ROUNDS * 2 {
                std::thread::sleep(std::time::Duration::from_millis(1));
                let _ = store.number_events(100).await;
                let TopicEvents { entries, next } = store.read_topic(Topic::new(id), after, 7).await.unwrap();
                after = next;
                versions.extend(entries.into_iter().map(|entry| entry.event.unwrap().subject.number()));
            }
            let each_twice = (1..).flat_map(|version| [version, version]).take(versions.len());
            assert_eq!(versions, each_twice.collect::<Vec<u64>>());
        }));
    }
    fixture.run(tasks).await;
}

pub(super) async fn ignores_the_clock(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let ids = [stored_user(&*store, customer(1)).await.id, stored_user(&*store, customer(2)).await.id];
    // Each process has another clock, up to an hour wrong in both directions.
    for (round, minutes) in [60, -60, 0, 59, -59, 30, -30, 60, -60].into_iter().enumerate() {
        happen(&*store, ids[round % 2], minutes, 2).await;
        happen(&*store, ids[0], -minutes, 1).await;
    }
    number_all(&*store, 1).await;
    let entries = read_whole_log(&*store).await;
    assert_eq!(entries.len(), 27);
    assert_in_order(&entries);
}

pub(super) async fn keeps_the_events_of_a_commit_together(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut user = stored_user(&*store, customer(1)).await;
    let mut booking = stored_booking(&*store, pending(2)).await;
    let mut commits = Vec::new();
    for minutes in [5, -5, 0] {
        let at = start() + TimeDelta::minutes(minutes);
        let (user_ref, booking_ref) = (AggregateRef::User(user.id), AggregateRef::Booking(booking.value.id));
        let events = vec![
            event(booking_ref, booking.version.next(), 0, at),
            event(user_ref, user.version.next(), 0, at),
            event(booking_ref, booking.version.next(), 1, at),
        ];
        commits.push(events.iter().map(place).collect::<Vec<_>>());
        let writes = rename(&user, "Name").write(change(&booking, |_| {}));
        apply(&*store, ChangeSet { events, ..writes }).await;
        // A commit on one of both, so that the commits are not independent of each other.
        user = load_user(&*store, user.id).await;
        apply(&*store, happening(&user, at, 1)).await;
        user = load_user(&*store, user.id).await;
        booking = store.load(booking.value.id).await.unwrap().expect("is there");
    }
    number_all(&*store, 1).await;
    let entries = read_whole_log(&*store).await;
    assert_in_order(&entries);
    let places: Vec<_> = entries.iter().map(|entry| place(entry.event.as_ref().unwrap())).collect();
    for commit in commits {
        let first = places.iter().position(|place| commit.contains(place)).expect("the events are there");
        let together = &places[first..first + commit.len()];
        assert!(together.iter().all(|place| commit.contains(place)), "{commit:?} in {places:?}");
    }
}

pub(super) async fn is_gapless_while_many_write_and_number(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut ids = Vec::new();
    for n in 1..=4 {
        ids.push(stored_user(&*store, customer(n)).await.id);
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let write = |n: usize| {
        let (store, id): (Arc<dyn Store>, _) = (Arc::clone(&store), ids[n % 4]);
        async move {
            for _ in 0..3 {
                happen_at_last(&*store, id, 2).await;
            }
            Vec::new()
        }
    };
    let number = |limit: usize| {
        let (store, is_over) = (Arc::clone(&store), Arc::clone(&is_over));
        async move {
            while goes_on(&is_over) {
                store.number_events(limit).await.unwrap();
            }
            Vec::new()
        }
    };
    // It reads while events are numbered, and must see exactly what is there in the end.
    let read = {
        let (store, is_over) = (Arc::clone(&store), Arc::clone(&is_over));
        async move {
            let _ends = Ends(is_over);
            let mut token = store.log_state().await.unwrap().start();
            let mut seen = Vec::new();
            while seen.len() < 72 {
                let page = store.read_log(token, 7).await.unwrap();
                token.seq = page.last().map_or(token.seq, |entry| entry.seq);
                seen.extend(page);
            }
            seen
        }
    };
    type Job = std::pin::Pin<Box<dyn Future<Output = Vec<LogEntry>> + Send>>;
    let mut jobs: Vec<Job> = Vec::new();
    for n in 0..12 {
        jobs.push(Box::pin(write(n)));
    }
    jobs.push(Box::pin(number(1)));
    jobs.push(Box::pin(number(5)));
    jobs.push(Box::pin(read));
    let seen: Vec<LogEntry> = together(fixture, jobs).await.concat();
    assert_in_order(&seen);
    assert_eq!(seen, read_whole_log(&*store).await);
}

pub(super) async fn refuses_tokens_of_another_epoch(fixture: &dyn Fixture) {
    const NAME: ConsumerName = ConsumerName::new("reader");
    let store = fixture.store().await;
    let id = stored_user(&*store, customer(1)).await.id;
    happen(&*store, id, 1, 3).await;
    number_all(&*store, 10).await;
    let before = store.log_state().await.unwrap();
    let cursor = store.open_consumer(NAME, LogStart::End).await.unwrap();
    let after = store.restart_log().await.unwrap();
    assert_ne!(before.epoch, after.epoch);
    assert_eq!((before.first, before.last), (after.first, after.last), "the events stay");
    for token in [before.start(), before.end()] {
        let refused = store.read_log(token, 10).await;
        assert!(matches!(refused, Err(StoreError::HistoryLost)), "{refused:?}");
    }
    assert_eq!(store.read_log(after.start(), 10).await.unwrap().len(), 3);
    assert_eq!(store.open_consumer(NAME, LogStart::First).await.unwrap(), cursor);
    // A number that does not exist yet belongs to a log that was lost.
    let unknown = LogToken { seq: after.last.next(), ..after.end() };
    assert!(matches!(store.read_log(unknown, 10).await, Err(StoreError::HistoryLost)));
}

pub(super) async fn deletes_old_events_only(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let id = stored_user(&*store, customer(1)).await.id;
    for minutes in 0..10 {
        happen(&*store, id, minutes, 1).await;
    }
    let minute = |minutes| start() + TimeDelta::minutes(minutes);
    assert_eq!(store.trim_log(minute(99), 100).await.unwrap(), 0, "events without a number stay");
    number_all(&*store, 100).await;
    let start = store.log_state().await.unwrap().start();
    assert_eq!(store.trim_log(minute(0), 100).await.unwrap(), 0);
    assert_eq!(store.trim_log(minute(6), 4).await.unwrap(), 4, "up to the limit");
    assert_eq!(store.trim_log(minute(6), 4).await.unwrap(), 2);
    assert_eq!(store.trim_log(minute(6), 4).await.unwrap(), 0);
    let state = store.log_state().await.unwrap();
    assert_eq!((state.first, state.last), (Seq::new(7), Seq::new(10)));
    assert!(matches!(store.read_log(start, 10).await, Err(StoreError::HistoryLost)));
    assert_eq!(store.read_log(state.start(), 10).await.unwrap().len(), 4);
    assert_eq!(store.trim_log(minute(99), 100).await.unwrap(), 4);
    let state = store.log_state().await.unwrap();
    assert_eq!((state.first, state.last), (Seq::new(11), Seq::new(10)));
    happen(&*store, id, 99, 1).await;
    assert_eq!(committed_events(&*store).await.len(), 1);
    assert_eq!(store.log_state().await.unwrap().last, Seq::new(11), "no number is used twice");
}

pub(super) async fn keeps_what_a_consumer_has_not_read(fixture: &dyn Fixture) {
    const SLOW: ConsumerName = ConsumerName::new("slow");
    const NEW: [ConsumerName; 2] = [ConsumerName::new("new_1"), ConsumerName::new("new_2")];
    const EVENTS_OF_A_COMMIT: u32 = 50;
    let store = fixture.store().await;
    let id = stored_user(&*store, customer(1)).await.id;
    for minutes in 0..20 {
        happen(&*store, id, minutes, EVENTS_OF_A_COMMIT).await;
    }
    number_all(&*store, 100).await;
    store.open_consumer(SLOW, LogStart::First).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let trim = {
        let (store, is_over) = (Arc::clone(&store), Arc::clone(&is_over));
        async move {
            while goes_on(&is_over) {
                store.trim_log(start() + TimeDelta::days(1), 3).await.unwrap();
            }
        }
    };
    let read = {
        let (store, is_over) = (Arc::clone(&store), Arc::clone(&is_over));
        async move {
            let _ends = Ends(is_over);
            for expected in 1..=1_000 {
                let cursor = store.open_consumer(SLOW, LogStart::First).await.unwrap();
                let token = LogToken { seq: cursor.seq, ..store.log_state().await.unwrap().end() };
                let read = store.read_log(token, 1).await.unwrap();
                assert_eq!(read[0].seq, Seq::new(expected), "the next event is still there");
                super::consumers::advance(&*store, SLOW, cursor.seq, read[0].seq).await;
                if let 250 | 750 = expected {
                    let new = NEW[usize::from(expected == 750)];
                    // A consumer that begins now reads from its place on, whatever is deleted meanwhile.
                    let cursor = store.open_consumer(new, LogStart::First).await.unwrap();
                    let token = LogToken { seq: cursor.seq, ..token };
                    assert_eq!(store.read_log(token, 1).await.unwrap()[0].seq, cursor.seq.next());
                    assert!(store.remove_consumer(new).await.unwrap());
                }
            }
        }
    };
    type Job = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
    let jobs: [Job; 2] = [Box::pin(trim), Box::pin(read)];
    together(fixture, jobs).await;
    while store.trim_log(start() + TimeDelta::days(1), 100).await.unwrap() > 0 {}
    assert_eq!(
        store.log_state().await.unwrap().first,
        Seq::new(1_001),
        "what was read is deleted in the end"
    );
}

pub(super) async fn wakes_those_who_wait(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let id = stored_user(&*store, customer(1)).await.id;
    let wait = {
        let store = Arc::clone(&store);
        async move {
            let mut seen = 0;
            while seen < 5 {
                store.events_committed().await.unwrap();
                seen += store.number_events(100).await.unwrap();
            }
        }
    };
    let write = {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..5 {
                happen_at_last(&*store, id, 1).await;
            }
        }
    };
    type Job = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
    let jobs: [Job; 2] = [Box::pin(wait), Box::pin(write)];
    together(fixture, jobs).await;
    assert_eq!(committed_events(&*store).await.len(), 5);
}
