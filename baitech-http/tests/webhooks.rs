//! The calls of payment providers: whatever comes is stored, judged by itself, and answered alike.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
};
use baitech_core::{Marketplace, kernel::Role, mock::MockStore, payment::Webhook, store::StoreError};
use common::{Reply, TrustingAuth, World, gateways::Cards, request, send, user};
use serde_json::{Value, json};

/// A call as a provider makes it, with any body under any type.
fn call(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = request(Method::POST, path, None, headers, None);
    *request.body_mut() = body.into();
    request
}

#[track_caller]
fn assert_taken(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.text, "{}");
    assert_eq!(reply.header("content-type"), "application/json");
}

/// The calls that staff sees, the newest first.
async fn calls(world: &World, query: &str) -> Vec<Value> {
    let found = world.get(&user(Role::Support, 1), &format!("/api/v1/webhooks?limit=100{query}")).await.ok();
    found["items"].as_array().unwrap().clone()
}

async fn balance(world: &World) -> Value {
    world.get(&user(Role::Customer, 1), "/api/v1/wallet").await.ok()["balance"]["amount"].clone()
}

/// Asks the first customer's phone for 500 shillings.
async fn ask(world: &World) {
    let top_up = json!({ "amount": { "amount": "500", "currency": "KES" }, "method": "mpesa" });
    world.post(&user(Role::Customer, 1), "/api/v1/wallet/top-up", Some(top_up)).await.ok();
}

#[tokio::test]
async fn what_proves_nothing_is_stored_and_flagged_and_answered_like_everything_else() {
    let world = World::new().await;
    ask(&world).await;
    let (callback, told) = world.mobile.callback();
    let whole = told.to_string();
    let forged = json!({ "payment": "pi_TXN260302000001" }).to_string();
    let wrong_signature = [("stripe-signature", "bad")];
    let expected = [
        (callback.as_str(), &[][..], &whole.as_bytes()[..whole.len() / 2], "hunter2"),
        (callback.as_str(), &[], b"", "hunter2"),
        (callback.as_str(), &[], b"\xff\xfe\0", "hunter2"),
        (callback.as_str(), &[], b"[1, 2]", "no call is expected"),
        (Cards::PATH, &[], forged.as_bytes(), "not signed"),
        (Cards::PATH, &wrong_signature, forged.as_bytes(), "the signature is wrong"),
        (Cards::PATH, &[Cards::SIGNATURE], b"{\"payment\": ", "the body cannot be read"),
        ("/api/v1/webhooks/guessed", &[], whole.as_bytes(), "no call is expected"),
        ("/api/v1/webhooks/%ff%00", &[], whole.as_bytes(), "no call is expected"),
    ];
    for (path, headers, body, reason) in expected {
        for content_type in
            [None, Some("application/json"), Some("text/html; charset=latin1"), Some("nonsense")]
        {
            let mut headers = headers.to_vec();
            headers.extend(content_type.map(|value| ("content-type", value)));
            assert_taken(&world.send(call(path, &headers, body.to_vec())).await);
            world.clock.advance(chrono::TimeDelta::seconds(1));
            let newest = calls(&world, "").await[0].clone();
            assert_eq!(newest["status"], "rejected");
            assert!(newest["reason"].as_str().unwrap().contains(reason), "{newest}");
        }
    }
    assert_eq!(calls(&world, "&status=rejected").await.len(), expected.len() * 4);
    assert_eq!(calls(&world, "&status=applied&status=received").await, [] as [Value; 0]);
    assert_eq!(balance(&world).await, "0.00", "none of it took effect");

    assert_taken(&world.send(call(&callback, &[], whole)).await);
    assert_eq!(balance(&world).await, "500.00", "the true call still does");
}

#[tokio::test]
async fn a_call_sent_again_and_again_takes_effect_once() {
    let world = World::new().await;
    ask(&world).await;
    let (callback, told) = world.mobile.callback();
    for _ in 0..3 {
        assert_taken(&world.send(call(&callback, &[], told.to_string())).await);
        world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    assert_eq!(balance(&world).await, "500.00");
    let statuses: Vec<_> = calls(&world, "").await.iter().map(|call| call["status"].clone()).collect();
    assert_eq!(statuses, ["duplicate", "duplicate", "applied"]);
}

#[tokio::test]
async fn a_body_has_a_largest_size() {
    let world = World::new().await;
    let most = Webhook::MAX_BODY_BYTES;
    assert_taken(&world.send(call("/api/v1/webhooks/guessed", &[], vec![b'x'; most])).await);
    let reply = world.send(call("/api/v1/webhooks/guessed", &[], vec![b'x'; most + 1])).await;
    reply.problem(413, "too-large");
    assert_eq!(calls(&world, "").await.len(), 1, "what is too large is not kept");
}

#[tokio::test]
async fn staff_sees_what_came_without_what_it_carried() {
    let world = World::new().await;
    ask(&world).await;
    let (callback, told) = world.mobile.callback();
    let token = callback.rsplit('/').next().unwrap();
    world.send(call(&callback, &[("authorization", "Basic c2VjcmV0")], told.to_string())).await;
    let reply = world.get(&user(Role::Admin, 1), "/api/v1/webhooks").await;
    for secret in [token, "c2VjcmV0", told["receipt"].as_str().unwrap()] {
        assert!(!reply.text.contains(secret), "{}", reply.text);
    }
    assert_eq!(reply.json["items"][0]["method"], "mpesa");
    for role in [Role::Customer, Role::Technician, Role::Corporate] {
        world.get(&user(role, 1), "/api/v1/webhooks").await.problem(403, "forbidden");
    }
    let unknown = world.get(&user(Role::Admin, 1), "/api/v1/webhooks?status=lost&token=x").await;
    assert_eq!(Reply::fields(&unknown.problem(400, "malformed")), ["status", "token"]);
    let asked = world.send(request(Method::GET, &callback, None, &[], None)).await;
    assert_eq!(asked.header("allow"), "POST");
}

#[tokio::test]
async fn a_call_that_could_not_be_stored_is_asked_for_again() {
    let mut store = MockStore::new();
    let away = || StoreError::Unavailable("mongodb://user:secret@db.internal".to_owned());
    store.commit.expect_commit().returning(move |_| Err(away()));
    let market = Marketplace::builder(Arc::new(store)).build();
    let router = baitech_http::router(market, Arc::new(TrustingAuth));
    let reply = send(&router, call("/api/v1/webhooks/guessed", &[], "{}")).await;
    assert!(!reply.text.contains("mongodb") && !reply.text.contains("secret"), "{}", reply.text);
    assert_eq!(reply.header("retry-after"), "2");
    reply.problem(503, "unavailable");
}
