//! The server crashes (SIGKILL) while events are numbered or deleted, or edges are counted, or holds a commit back: the
//! log has no gap, and counters equal the edges.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use baitech_core::account::User;
use baitech_core::kernel::{Id, PageRequest};
use baitech_core::store::{
    AggregateRef, ChangeSet, Commit, Committed, CounterKey, CounterName, CounterReader, Edge, EdgeChange,
    EdgeKey, EdgeKind, EdgeValue, Edges, Event, EventLog, LogToken, Put, Seq, StoreError, Subject, Version,
};
use baitech_core::testing::{build, read_whole_log};
use baitech_mongo::testing::{FailCommand, TestServer};
use baitech_mongo::{MongoStore, connect};
use chrono::TimeDelta;
use support::uri_for;

const APP: &str = "crashing_log";
const OTHER: &str = "watching_log";

const LIKE: EdgeKind = EdgeKind::new("like");
const SET: EdgeValue = EdgeValue::new("set");

async fn open(server: &TestServer) -> MongoStore {
    MongoStore::connect(&uri_for(server, "log", APP)).await.unwrap()
}

/// Makes the server block at a command of the crashing client.
async fn hold(server: &TestServer, (command, spared): (&str, i32), milliseconds: i32) {
    let admin = connect(server.uri()).await.unwrap();
    let hold = FailCommand::of(&[command], APP).blocking_ms(milliseconds);
    hold.arm_after(admin.client(), spared).await.unwrap();
}

/// Lets a client of its own work until it is held at a step, then kills the server and the client.
async fn crash<F: Future<Output = ()> + Send + 'static>(
    server: &mut TestServer,
    step: (&str, i32),
    work: impl FnOnce(MongoStore) -> F + Send + 'static,
) {
    let client = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let uri = uri_for(server, "log", APP);
    let store = client.spawn(async move { MongoStore::connect(&uri).await.unwrap() }).await.unwrap();
    hold(server, step, 60_000).await;
    client.spawn(work(store));
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.shutdown_background();
    server.kill();
    server.restart().await.unwrap();
}

/// Commits a new user with this many events.
async fn happen(store: &MongoStore, n: u64, events: u32) {
    let user = build::customer(n);
    let target = AggregateRef::User(user.id);
    let events = (0..events).map(|n| build::event(target, Version::FIRST, n, build::start())).collect();
    let created = ChangeSet { events, ..ChangeSet::new().write(Put::new(user)) };
    assert_eq!(store.commit(created).await.unwrap(), Committed::Applied);
}

fn assert_gapless(numbers: impl IntoIterator<Item = Seq>, expected: u64) {
    let numbers: Vec<u64> = numbers.into_iter().map(Seq::get).collect();
    assert_eq!(numbers, (1..=expected).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn numbering_that_crashes_at_any_step_leaves_no_gap() {
    let mut server = TestServer::start().await.unwrap();
    let mut users = 0;
    // The look whether events wait, the lock of the head, the read of the events, their numbers, the new end
    // of the log, the commit itself.
    let steps = [
        ("find", 0),
        ("findAndModify", 0),
        ("find", 2),
        ("update", 0),
        ("update", 1),
        ("commitTransaction", 0),
    ];
    for step in steps {
        let store = open(&server).await;
        users += 1;
        happen(&store, users, 3).await;
        let before = store.log_state().await.unwrap();
        crash(&mut server, step, async |store: MongoStore| drop(store.number_events(100).await)).await;
        let store = open(&server).await;
        let after = store.log_state().await.unwrap();
        assert_eq!(before, after, "killed before {step:?}");
        assert_eq!(store.number_events(100).await.unwrap(), 3, "killed before {step:?}");
        assert_gapless(read_whole_log(&store).await.iter().map(|entry| entry.seq), users * 3);
    }
    // After the commit was sent: killed at any moment.
    for milliseconds in [1, 2, 4, 8, 16] {
        let store = open(&server).await;
        users += 1;
        happen(&store, users, 3).await;
        let numbering = tokio::spawn(async move { store.number_events(100).await });
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        server.kill();
        server.restart().await.unwrap();
        let _ = numbering.await.unwrap();
        let store = open(&server).await;
        let entries = read_whole_log(&store).await;
        assert_gapless(entries.iter().map(|entry| entry.seq), users * 3);
        let mut ids: Vec<Id<Event>> = entries.into_iter().map(|entry| entry.event.unwrap().id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len() as u64, users * 3, "no event has two numbers");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trimming_that_crashes_at_any_step_deletes_all_or_nothing() {
    const EVENTS: u32 = 30;
    let mut server = TestServer::start().await.unwrap();
    let later = build::start() + TimeDelta::days(1);
    let store = open(&server).await;
    happen(&store, 1, EVENTS).await;
    assert_eq!(store.number_events(100).await.unwrap(), 30);
    // The look at the head, its lock, the slowest cursor, the old events, their deletion, the new start of the
    // log, the commit itself.
    let steps = [
        ("find", 0),
        ("findAndModify", 0),
        ("find", 1),
        ("find", 2),
        ("delete", 0),
        ("update", 0),
        ("commitTransaction", 0),
    ];
    for step in steps {
        crash(&mut server, step, async move |store: MongoStore| drop(store.trim_log(later, 3).await)).await;
        let store = open(&server).await;
        let entries = read_whole_log(&store).await;
        assert_eq!(store.log_state().await.unwrap().first, Seq::new(1), "killed before {step:?}");
        assert_gapless(entries.iter().map(|entry| entry.seq), EVENTS.into());
    }
    // After the commit was sent: killed at any moment.
    for milliseconds in [1, 2, 4, 8, 16] {
        let store = open(&server).await;
        let trimming = tokio::spawn(async move { store.trim_log(later, 3).await });
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        server.kill();
        server.restart().await.unwrap();
        let _ = trimming.await.unwrap();
        let store = open(&server).await;
        let first = store.log_state().await.unwrap().first.get();
        assert_eq!(first % 3, 1, "killed after {milliseconds} ms: whole steps of three");
        let kept: Vec<u64> = read_whole_log(&store).await.iter().map(|entry| entry.seq.get()).collect();
        assert_eq!(kept, (first..=EVENTS.into()).collect::<Vec<_>>());
    }
}

fn liked() -> AggregateRef {
    AggregateRef::User(build::id(500))
}

fn likes() -> CounterKey {
    CounterKey::new(liked(), CounterName::new("likes"))
}

/// The set that puts a like, or removes it, with its event.
fn toggled(edge: Edge) -> ChangeSet {
    let now = build::start();
    let change: EdgeChange = if edge.is_present() { edge.remove(now) } else { edge.put(SET, now) }.unwrap();
    let revision = change.written();
    let event = Event {
        subject: Subject::Edge { edge: edge.key, revision },
        ..build::event(edge.key.from, Version::new(revision.get()), 0, now)
    };
    let counters = change.deltas(|_| [likes()]);
    ChangeSet { edges: vec![change], counters, events: vec![event], ..ChangeSet::new() }
}

/// Requires that the counter equals the edges, and that every change of an edge has its event.
async fn assert_exact(store: &MongoStore, what: &str) {
    let page = PageRequest::new(100, None).unwrap();
    let listed = store.list_edges_to(LIKE, liked(), &page).await.unwrap().items;
    let counted = store.read_counters(&[likes()]).await.unwrap();
    assert_eq!(counted, [listed.len() as i64], "{what}");
    let mut revisions = 0;
    for n in 1..=3 {
        revisions += store.load_edge(&like_by(n)).await.unwrap().revision.get();
    }
    assert_eq!(read_whole_log(store).await.len() as u64, revisions, "{what}");
}

fn like_by(n: u64) -> EdgeKey {
    EdgeKey::new(LIKE, build::id::<User>(n), liked())
}

#[tokio::test(flavor = "multi_thread")]
async fn likes_that_crash_at_any_step_are_counted_exactly() {
    let mut server = TestServer::start().await.unwrap();
    // The edge, the event, the counter, the commit itself. First the likes are put, then removed.
    let steps = [("update", 0), ("insert", 0), ("update", 1), ("commitTransaction", 0)];
    for n in [1, 2, 3, 1, 2] {
        for step in steps {
            let before = open(&server).await.load_edge(&like_by(n)).await.unwrap();
            crash(&mut server, step, async move |store: MongoStore| {
                drop(store.commit(toggled(before)).await)
            })
            .await;
            let store = open(&server).await;
            let what = format!("killed before {step:?}");
            assert_eq!(store.load_edge(&like_by(n)).await.unwrap(), before, "{what}");
            assert_exact(&store, &what).await;
        }
        let store = open(&server).await;
        let edge = store.load_edge(&like_by(n)).await.unwrap();
        assert_eq!(store.commit(toggled(edge)).await.unwrap(), Committed::Applied);
        assert_exact(&store, "after all crashes").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_becomes_visible_late_gets_a_later_number() {
    let server = TestServer::start().await.unwrap();
    let (late, other) =
        (open(&server).await, MongoStore::connect(&uri_for(&server, "log", OTHER)).await.unwrap());
    happen(&other, 1, 1).await;
    hold(&server, ("commitTransaction", 0), 1_500).await;
    let stalled = tokio::spawn(async move { happen(&late, 2, 2).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    // While it is stalled, later commits are numbered and read.
    happen(&other, 3, 1).await;
    assert_eq!(other.number_events(100).await.unwrap(), 2);
    let token = other.log_state().await.unwrap().end();
    assert_eq!(token.seq, Seq::new(2));
    assert!(!stalled.is_finished(), "the commit is still stalled");
    stalled.await.unwrap();
    assert_eq!(other.number_events(1).await.unwrap(), 2, "both events of the commit");
    let read = other.read_log(token, 10).await.unwrap();
    assert_gapless([Seq::new(1), Seq::new(2)].into_iter().chain(read.iter().map(|entry| entry.seq)), 4);
    let target = AggregateRef::User(build::customer(2).id);
    assert!(read.iter().all(|entry| entry.event.as_ref().unwrap().aggregate() == Some(target)));
    let beyond = LogToken { seq: Seq::new(9), ..token };
    assert!(matches!(other.read_log(beyond, 1).await, Err(StoreError::HistoryLost)));
}
