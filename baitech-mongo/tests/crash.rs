//! The server crashes (SIGKILL) during a commit and restarts: the commit is stored completely or not at all,
//! and no acknowledged commit is lost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use baitech_core::store::{ChangeSet, Commit, Committed, StoreError};
use baitech_mongo::testing::{FailCommand, TestServer};
use baitech_mongo::{MongoStore, connect};
use support::commit::{Case, Seen, begin};
use support::uri_for;

const APP: &str = "crashing";

/// The steps of the commit in order: guard, user, booking, claims released, claims taken, balances, ledger,
/// events, the commit itself. Each is a command and the number of the same commands before it.
const STEPS: [(&str, i32); 9] = [
    ("update", 0),
    ("update", 1),
    ("insert", 0),
    ("delete", 0),
    ("insert", 1),
    ("update", 2),
    ("insert", 2),
    ("insert", 3),
    ("commitTransaction", 0),
];

async fn open(server: &TestServer) -> MongoStore {
    MongoStore::connect(&uri_for(server, "crash", APP)).await.unwrap()
}

/// Makes the server block at a step of the next commit until it is killed.
async fn hold(server: &TestServer, (command, spared): (&str, i32)) {
    let admin = connect(server.uri()).await.unwrap();
    let hold = FailCommand::of(&[command], APP).blocking_ms(60_000);
    hold.arm_after(admin.client(), spared).await.unwrap();
}

/// Kills the server while a client waits for its commit. Returns the client's result after the restart.
async fn crash_server(
    server: &mut TestServer,
    changes: ChangeSet,
    after: Duration,
) -> Result<Committed, StoreError> {
    let store = open(server).await;
    let client = tokio::spawn(async move { store.commit(changes).await });
    tokio::time::sleep(after).await;
    server.kill();
    server.restart().await.unwrap();
    client.await.unwrap()
}

/// Kills the server and drops the client, so that the commit is not retried.
async fn crash_both(server: &mut TestServer, changes: ChangeSet, after: Duration) {
    let client = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let uri = uri_for(server, "crash", APP);
    let store = client.spawn(async move { MongoStore::connect(&uri).await.unwrap() }).await.unwrap();
    client.spawn(async move { store.commit(changes).await });
    tokio::time::sleep(after).await;
    client.shutdown_background();
    server.kill();
    server.restart().await.unwrap();
}

/// Repeats the request, which is safe for any outcome of the commit because of its idempotency record.
async fn repeat_request(store: &MongoStore, case: &Case, seen: Seen, what: &str) {
    let again = store.commit(case.changes()).await.unwrap();
    match seen {
        Seen::Everything => assert_eq!(again, Committed::Replayed(b"answer".to_vec()), "{what}"),
        Seen::Nothing => assert_eq!(again, Committed::Applied, "{what}"),
    }
    assert_eq!(case.seen(store).await, Seen::Everything, "{what}, repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_client_is_served_once_the_server_is_back() {
    let mut server = TestServer::start().await.unwrap();
    for (n, step) in (1..).zip(STEPS) {
        let case = begin(&open(&server).await, n).await;
        hold(&server, step).await;
        let result = crash_server(&mut server, case.changes(), Duration::from_millis(150)).await;
        assert_eq!(result.unwrap(), Committed::Applied, "killed before {step:?}");
        let store = open(&server).await;
        assert_eq!(case.seen(&store).await, Seen::Everything, "killed before {step:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_between_two_steps_leaves_nothing() {
    let mut server = TestServer::start().await.unwrap();
    for (n, step) in (1..).zip(STEPS) {
        let case = begin(&open(&server).await, n).await;
        hold(&server, step).await;
        crash_both(&mut server, case.changes(), Duration::from_millis(150)).await;
        let store = open(&server).await;
        let what = format!("killed before {step:?}");
        assert_eq!(case.seen(&store).await, Seen::Nothing, "{what}");
        repeat_request(&store, &case, Seen::Nothing, &what).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_at_any_moment_leaves_all_or_nothing() {
    let mut server = TestServer::start().await.unwrap();
    for (n, milliseconds) in (1..).zip([2, 4, 6, 8, 10, 14]) {
        let case = begin(&open(&server).await, n).await;
        crash_both(&mut server, case.changes(), Duration::from_millis(milliseconds)).await;
        let store = open(&server).await;
        let seen = case.seen(&store).await;
        repeat_request(&store, &case, seen, &format!("killed after {milliseconds} ms")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_commits_survive_a_crash() {
    let mut server = TestServer::start().await.unwrap();
    let mut cases = Vec::new();
    for n in 1..=3 {
        let store = open(&server).await;
        let case = begin(&store, n).await;
        assert_eq!(store.commit(case.changes()).await.unwrap(), Committed::Applied);
        server.kill();
        server.restart().await.unwrap();
        cases.push(case);
    }
    let store = open(&server).await;
    for case in cases {
        assert_eq!(case.seen(&store).await, Seen::Everything);
    }
}
