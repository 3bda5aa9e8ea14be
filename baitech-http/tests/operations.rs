//! Admins list and retry due work that is set aside.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use baitech_core::{
    Marketplace,
    booking::{Booking, BookingStatus},
    kernel::Role,
    memory::MemoryStore,
    store::{AttemptEnd, ChangeSet, Commit, DueWork, Lease, Put},
    testing::build,
};
use chrono::TimeDelta;
use common::{TrustingAuth, request, send, user};

#[tokio::test]
async fn admins_list_and_retry_items_that_are_set_aside() {
    let store = Arc::new(MemoryStore::new());
    let (admin, support) = (user(Role::Admin, 1), user(Role::Support, 1));
    let booking = build::booking(1, &user(Role::Customer, 1), None, BookingStatus::Matching);
    let id = booking.id;
    let changes = ChangeSet::new()
        .write(Put::new(admin.clone()))
        .write(Put::new(support.clone()))
        .write(Put::new(Booking::from_record(booking)).due_at(Some(build::start())));
    let _ = store.commit(changes).await.unwrap();
    let lease = Lease { now: build::start(), length: TimeDelta::minutes(1) };
    let item = store.claim_due(baitech_core::kernel::Kind::ALL, lease, 1).await.unwrap()[0];
    let item = store.begin_due(&item, lease).await.unwrap().unwrap();
    let end = AttemptEnd::SetAside { at: build::start(), reason: "pricing: a text".to_owned() };
    assert!(store.end_due(&item, end).await.unwrap());

    let market = Marketplace::builder(store).build();
    let router = baitech_http::router(market, Arc::new(TrustingAuth));
    let get = async |who, query: &str| {
        let path = format!("/api/v1/set-aside{query}");
        send(&router, request(axum::http::Method::GET, &path, Some(who), &[], None)).await
    };
    let retry = async |who, target: &str| {
        let path = format!("/api/v1/set-aside/{target}/retry");
        send(&router, request(axum::http::Method::POST, &path, Some(who), &[], None)).await
    };
    let listed = get(&admin, "").await.ok();
    let expected = serde_json::json!({ "items": [{
        "kind": "booking", "id": id, "reason": "pricing: a text", "attempts": 1,
        "dueAt": build::start(), "setAsideAt": build::start(),
    }] });
    assert_eq!(listed, expected);
    get(&support, "").await.problem(403, "forbidden");
    get(&admin, "?status=any").await.problem(400, "malformed");
    get(&admin, "?cursor=webhooks.1~2").await.problem(400, "malformed");

    let target = format!("booking/{id}");
    retry(&support, &target).await.problem(403, "forbidden");
    retry(&admin, &format!("company/{id}")).await.problem(400, "malformed");
    retry(&admin, "booking/7").await.problem(400, "malformed");
    retry(&admin, &format!("transaction/{id}")).await.problem(404, "not-found");
    for _ in 0..2 {
        let answer = retry(&admin, &target).await.ok();
        assert_eq!(answer, serde_json::json!({ "kind": "booking", "id": id }), "safe to repeat");
    }
    assert_eq!(get(&admin, "").await.ok()["items"], serde_json::json!([]));
}
