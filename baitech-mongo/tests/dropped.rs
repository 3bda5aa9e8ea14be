//! The future of a commit is dropped: a commit that has started is completed, any other has no effect.

mod support;

use std::time::Duration;

use baitech_core::store::Commit;
use support::commit::{Seen, begin};

#[tokio::test(flavor = "multi_thread")]
async fn dropped_commit_that_started_is_finished() {
    let store = support::store().await;
    for n in 0..40 {
        let case = begin(&store, n).await;
        let patience = Duration::from_micros(150 * n);
        let dropped = tokio::time::timeout(patience, store.commit(case.changes())).await.is_err();
        let finished = async {
            while !case.is_answered(&store).await {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), finished).await;
        assert!(waited.is_ok(), "commit {n} (dropped: {dropped}) is not completed");
        assert_eq!(case.seen(&store).await, Seen::Everything, "commit {n} (dropped: {dropped})");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unpolled_commit_writes_nothing() {
    let store = support::store().await;
    let case = begin(&store, 1).await;
    drop(store.commit(case.changes()));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(case.seen(&store).await, Seen::Nothing);
}
