//! Faults of the server and the network during a commit: it takes effect exactly once, or it has no effect
//! and returns an error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use baitech_core::account::User;
use baitech_core::store::{ChangeSet, Commit, Committed, Put, StoreError, Version};
use baitech_mongo::testing::{FailCommand, TestServer};
use baitech_mongo::{MongoStore, connect};
use mongodb::Client;
use support::commit::{Case, Seen, begin, load};
use support::uri_for;

/// A store with its own application name, so that faults affect only it, and a client that injects the
/// faults. A server has only one `failCommand`, so each test has its own server.
struct Faulty {
    server: TestServer,
    store: MongoStore,
    admin: Client,
}

const APP: &str = "faulty";

impl Faulty {
    async fn new() -> Self {
        let server = TestServer::start().await.unwrap();
        let store = MongoStore::connect(&uri_for(&server, "faulty", APP)).await.unwrap();
        let admin = connect(server.uri()).await.unwrap().client().clone();
        Self { server, store, admin }
    }

    async fn commit_under(
        &self,
        case: &Case,
        fault: &FailCommand,
        times: i32,
    ) -> Result<Committed, StoreError> {
        fault.arm(&self.admin, times).await.unwrap();
        let outcome = self.store.commit(case.changes()).await;
        FailCommand::disarm(&self.admin).await.unwrap();
        outcome
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_with_an_unknown_outcome_takes_effect_exactly_once() {
    let faulty = Faulty::new().await;
    let commit = || FailCommand::of(&["commitTransaction"], APP);
    let faults = [
        (
            "applied, and the write concern fails",
            commit().with_write_concern_error(91, &["RetryableWriteError"]),
        ),
        ("applied, and the write concern times out", commit().with_write_concern_error(64, &[])),
        ("the connection breaks", commit().closing_connection()),
        ("the primary steps down", commit().with_code(189, &["RetryableWriteError"])),
    ];
    let mut n = 0;
    for (what, fault) in faults {
        for times in [1, 2, 3] {
            n += 1;
            let case = begin(&faulty.store, n).await;
            let outcome = faulty.commit_under(&case, &fault, times).await;
            assert_eq!(outcome.unwrap(), Committed::Applied, "{what}, {times} times");
            assert_eq!(case.seen(&faulty.store).await, Seen::Everything, "{what}, {times} times");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_between_two_steps_restarts_the_commit() {
    let faulty = Faulty::new().await;
    let steps = ["update", "insert", "delete"];
    let mut n = 0;
    for step in steps {
        let command = || FailCommand::of(&[step], APP);
        let faults = [
            ("a concurrent commit wrote first", command().with_code(112, &["TransientTransactionError"])),
            ("the connection breaks", command().closing_connection()),
        ];
        for (what, fault) in faults {
            n += 1;
            let case = begin(&faulty.store, n).await;
            let outcome = faulty.commit_under(&case, &fault, 2).await;
            assert_eq!(outcome.unwrap(), Committed::Applied, "{what} at {step}");
            assert_eq!(case.seen(&faulty.store).await, Seen::Everything, "{what} at {step}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_step_writes_nothing_and_is_reported() {
    let faulty = Faulty::new().await;
    let other = MongoStore::connect(&uri_for(&faulty.server, "faulty", "other")).await.unwrap();
    for (n, step) in [(1, "update"), (2, "insert"), (3, "delete"), (4, "commitTransaction")] {
        let case = begin(&faulty.store, n).await;
        // 13: not authorised.
        let outcome = faulty.commit_under(&case, &FailCommand::of(&[step], APP).with_code(13, &[]), 1).await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{step}: {outcome:?}");
        assert_eq!(case.seen(&faulty.store).await, Seen::Nothing, "{step}");
        // Another commit, which the failed transaction must not block.
        let again = other.commit(case.changes()).await.unwrap();
        assert_eq!(again, Committed::Applied, "after {step} failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal_is_reported_although_the_abort_fails() {
    let faulty = Faulty::new().await;
    let case = begin(&faulty.store, 1).await;
    assert_eq!(faulty.store.commit(case.changes()).await.unwrap(), Committed::Applied);
    let stale = ChangeSet { idempotency: None, ..case.changes() };
    FailCommand::of(&["abortTransaction"], APP).closing_connection().arm(&faulty.admin, 1).await.unwrap();
    let outcome = faulty.store.commit(stale).await;
    FailCommand::disarm(&faulty.admin).await.unwrap();
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
    assert_eq!(case.seen(&faulty.store).await, Seen::Everything);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_without_a_transaction_takes_effect_exactly_once() {
    let faulty = Faulty::new().await;
    let user = baitech_core::testing::build::customer(1);
    let id = user.id;
    assert_eq!(
        faulty.store.commit(ChangeSet::new().write(Put::new(user))).await.unwrap(),
        Committed::Applied
    );
    let update = || FailCommand::of(&["update"], APP);
    let faults =
        [update().closing_connection(), update().with_write_concern_error(91, &["RetryableWriteError"])];
    for (n, fault) in faults.iter().enumerate() {
        let stored = load(&faulty.store, id).await;
        fault.arm(&faulty.admin, 1).await.unwrap();
        let same = User::clone(&stored.value);
        let outcome = faulty.store.commit(ChangeSet::new().write(Put::over(&stored, same))).await;
        FailCommand::disarm(&faulty.admin).await.unwrap();
        assert_eq!(outcome.unwrap(), Committed::Applied);
        assert_eq!(load(&faulty.store, id).await.version, Version::new(n as u64 + 1));
    }
}
