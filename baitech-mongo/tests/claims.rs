//! Reading many claims.

mod support;

use baitech_core::store::{AggregateRef, ChangeSet, Claim, ClaimKey, Claims, Commit, Committed, Put};
use baitech_core::testing::build;

#[tokio::test(flavor = "multi_thread")]
async fn keys_beyond_one_query_are_returned_in_order_and_once() {
    let store = support::store().await;
    let user = build::customer(1);
    let holder = AggregateRef::User(user.id);
    let key = |n: u32| ClaimKey::new("test", format!("{n:05}"));
    let take: Vec<Claim> = (0..2_500).map(|n| Claim { key: key(n), holder }).collect();
    let set = ChangeSet { take: take.clone(), ..ChangeSet::new().write(Put::new(user)) };
    assert_eq!(store.commit(set).await.unwrap(), Committed::Applied);
    let keys: Vec<ClaimKey> = (0..3_000).rev().chain(0..10).map(key).collect();
    assert_eq!(store.held(&keys).await.unwrap(), take);
}
