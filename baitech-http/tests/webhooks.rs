//! Webhooks: all are stored, handled independently, and answered alike.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
};
use baitech_core::{
    Marketplace,
    booking::BookingPolicy,
    kernel::Role,
    mock::MockStore,
    payment::{
        Capabilities, Charge, News, Notice, PaymentGateway, Subject, Webhook, WebhookCall, WebhookError,
    },
    store::StoreError,
    transaction::{GatewayError, Outcome, PaymentMethod, PaymentTiming, Proof},
};
use baitech_http::async_trait;
use common::{Reply, TrustingAuth, World, gateways::Cards, request, send, user};
use serde_json::{Value, json};

/// A webhook with any body and media type.
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

/// The webhooks that staff see, the newest first.
async fn calls(world: &World, query: &str) -> Vec<Value> {
    let found = world.get(&user(Role::Support, 1), &format!("/api/v1/webhooks?limit=100{query}")).await.ok();
    found["items"].as_array().unwrap().clone()
}

async fn balance(world: &World) -> Value {
    world.get(&user(Role::Customer, 1), "/api/v1/wallet").await.ok()["balance"]["amount"].clone()
}

/// Starts a top-up of 500 shillings by the first customer.
async fn ask(world: &World) {
    let top_up = json!({ "amount": { "amount": "500", "currency": "KES" }, "method": "mpesa" });
    world.post(&user(Role::Customer, 1), "/api/v1/wallet/top-up", Some(top_up)).await.ok();
}

#[tokio::test]
async fn invalid_webhook_is_stored_and_answered_like_a_valid_one() {
    let world = World::new().await;
    ask(&world).await;
    let (callback, body) = world.mobile.callback();
    let whole = body.to_string();
    let forged = json!({ "payment": "pi_TXN260302000001" }).to_string();
    let wrong_signature = [("stripe-signature", "bad")];
    let expected = [
        (callback.as_str(), &[][..], &whole.as_bytes()[..whole.len() / 2], "hunter2"),
        (callback.as_str(), &[], b"", "hunter2"),
        (callback.as_str(), &[], b"\xff\xfe\0", "hunter2"),
        (callback.as_str(), &[], b"[1, 2]", "this address accepts no calls"),
        (Cards::PATH, &[], forged.as_bytes(), "not signed"),
        (Cards::PATH, &wrong_signature, forged.as_bytes(), "the signature is wrong"),
        (Cards::PATH, &[Cards::SIGNATURE], b"{\"payment\": ", "the body cannot be parsed"),
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
    assert_eq!(balance(&world).await, "0.00", "no webhook took effect");

    assert_taken(&world.send(call(&callback, &[], whole)).await);
    assert_eq!(balance(&world).await, "500.00", "the valid webhook still takes effect");
}

#[tokio::test]
async fn repeated_webhook_takes_effect_once() {
    let world = World::new().await;
    ask(&world).await;
    let (callback, body) = world.mobile.callback();
    for _ in 0..3 {
        assert_taken(&world.send(call(&callback, &[], body.to_string())).await);
        world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    assert_eq!(balance(&world).await, "500.00");
    let statuses: Vec<_> = calls(&world, "").await.iter().map(|call| call["status"].clone()).collect();
    assert_eq!(statuses, ["duplicate", "duplicate", "applied"]);
}

#[tokio::test]
async fn webhook_body_size_is_limited() {
    let world = World::new().await;
    let most = Webhook::MAX_BODY_BYTES;
    assert_taken(&world.send(call(Cards::PATH, &[], vec![b'x'; most])).await);
    let reply = world.send(call(Cards::PATH, &[], vec![b'x'; most + 1])).await;
    reply.problem(413, "too-large");
    assert_eq!(calls(&world, "").await.len(), 1, "a body above the limit is not stored");
}

#[tokio::test]
async fn staff_list_webhooks_without_their_content() {
    let world = World::new().await;
    ask(&world).await;
    let (callback, body) = world.mobile.callback();
    let token = callback.rsplit('/').next().unwrap();
    world.send(call(&callback, &[("authorization", "Basic c2VjcmV0")], body.to_string())).await;
    let reply = world.get(&user(Role::Admin, 1), "/api/v1/webhooks").await;
    for secret in [token, "c2VjcmV0", body["receipt"].as_str().unwrap()] {
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
async fn webhooks_under_unknown_tokens_are_answered_alike_and_not_stored() {
    let world = World::new().await;
    for token in ["guessed", "%ff%00", "paid", &"x".repeat(5_000)] {
        for bytes in [0, 1, Webhook::MAX_BODY_BYTES, Webhook::MAX_BODY_BYTES + 1] {
            let path = format!("/api/v1/webhooks/{token}");
            assert_taken(&world.send(call(&path, &[], vec![b'x'; bytes])).await);
        }
    }
    assert_eq!(calls(&world, "").await, [] as [Value; 0]);
    assert_eq!(world.market.stray_webhook_calls(), 16);
}

#[tokio::test]
async fn each_token_has_its_own_rate_limit() {
    let world = World::new().await;
    ask(&world).await;
    let (callback, body) = world.mobile.callback();
    let mut limited = 0;
    for _ in 0..60 {
        let reply = world.send(call(&callback, &[], "{}")).await;
        if reply.status == 429 {
            let wait: u64 = reply.header("retry-after").parse().unwrap();
            assert!((1..=3).contains(&wait), "{wait}");
            reply.problem(429, "too-many-requests");
            limited += 1;
        } else {
            assert_taken(&reply);
        }
    }
    assert!(limited > 0, "a transaction's token takes 30 calls at once");
    for _ in 0..200 {
        assert_taken(&world.send(call(Cards::PATH, &[], "{}")).await);
    }
    ask(&world).await;
    let (other, told_of_other) = world.mobile.callback();
    assert_ne!(other, callback);
    assert_taken(&world.send(call(&other, &[], told_of_other.to_string())).await);
    assert_eq!(balance(&world).await, "500.00");
    drop(body);
}

/// A provider of an embedder, which signs its webhooks in custom headers.
#[derive(Debug)]
struct Acme;

#[async_trait]
impl PaymentGateway for Acme {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Mpesa
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { ledger_only: false, ..Capabilities::of_ledger(PaymentTiming::AtAcceptance) }
    }

    fn signature_headers(&self) -> &[&'static str] {
        &["X-Acme-Signature", "x-acme-timestamp"]
    }

    fn webhook_token(&self) -> Option<&str> {
        Some("acme-51c0")
    }

    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        let reference = format!("acme-{}", charge.number);
        Ok(Outcome::Accepted { reference, client_secret: None })
    }

    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        let names: Vec<_> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
        let expected = ["content-type", "x-acme-timestamp", "x-acme-signature"];
        if !names.iter().all(|name| expected.contains(name)) {
            return Err(WebhookError::Malformed(format!(
                "the gateway received headers that it does not name: {names:?}"
            )));
        }
        match (call.header("x-acme-signature"), call.header("x-acme-timestamp")) {
            (Some("good"), Some(_)) => {}
            (Some(_), Some(_)) => return Err(WebhookError::BadSignature),
            _ => return Err(WebhookError::Unsigned),
        }
        let reference = String::from_utf8_lossy(&call.body).into_owned();
        let proof = Proof { reference: Some(reference.clone()), ..Proof::default() };
        let news = News::Outcome(Outcome::Settled(proof));
        Ok(vec![Notice { id: reference.clone(), subject: Subject::Reference(reference), news }])
    }
}

#[tokio::test]
async fn custom_gateway_receives_only_the_headers_that_it_names() {
    let world = World::with(|builder| builder.gateway(Arc::new(Acme))).await;
    ask(&world).await;
    let list = world.get(&user(Role::Admin, 1), "/api/v1/transactions").await.ok();
    let reference = format!("acme-{}", list["items"][0]["transactionNumber"].as_str().unwrap());
    let path = "/api/v1/webhooks/acme-51c0";
    let long = "x".repeat(Webhook::MAX_HEADER_BYTES + 1);
    let time = ("X-Acme-Timestamp", "1");
    for (headers, reason) in [
        (vec![time], "not signed"),
        (vec![time, ("X-Acme-Signature", "forged")], "the signature is wrong"),
        (vec![time, ("X-Acme-Signature", long.as_str())], "not signed"),
    ] {
        assert_taken(&world.send(call(path, &headers, reference.clone())).await);
        world.clock.advance(chrono::TimeDelta::seconds(1));
        let newest = calls(&world, "").await[0].clone();
        assert!(newest["reason"].as_str().unwrap().contains(reason), "{newest}");
    }
    assert_eq!(balance(&world).await, "0.00");
    let signed = [
        ("content-type", "text/plain"),
        ("authorization", "Basic c2VjcmV0"),
        ("cookie", "session=1"),
        ("x-acme-signature", "good"),
        time,
    ];
    assert_taken(&world.send(call(path, &signed, reference)).await);
    assert_eq!(balance(&world).await, "500.00");
    assert_eq!(calls(&world, "&status=applied").await.len(), 1);
}

#[tokio::test]
async fn staff_list_and_retry_dead_letters() {
    let mut policy = BookingPolicy::default();
    policy.payment.webhooks.max_attempts = 1;
    let world = World::with(|builder| builder.policy(policy)).await;
    let early = json!({ "payment": "pi_TXN260302000001" }).to_string();
    assert_taken(&world.send(call(Cards::PATH, &[Cards::SIGNATURE], early)).await);
    let dead = calls(&world, "&status=dead_letter").await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["reason"], "the subject of the call is not known yet");
    let retry = format!("/api/v1/webhooks/{}/retry", dead[0]["id"].as_str().unwrap());
    for role in [Role::Customer, Role::Technician, Role::Corporate] {
        world.post(&user(role, 1), &retry, None).await.problem(403, "forbidden");
    }
    let again = world.post(&user(Role::Support, 1), &retry, None).await.ok();
    assert_eq!(again["status"], "dead_letter", "what it is about is still not there");
    let top_up = json!({ "amount": { "amount": "500", "currency": "KES" }, "method": "card" });
    world.post(&user(Role::Customer, 1), "/api/v1/wallet/top-up", Some(top_up)).await.ok();
    let again = world.post(&user(Role::Support, 1), &retry, None).await.ok();
    assert_eq!(again["status"], "applied", "{again}");
    assert_eq!(balance(&world).await, "500.00");
    world.post(&user(Role::Support, 1), &retry, None).await.problem(409, "refused");
    let unknown = "/api/v1/webhooks/000000000000000000000000/retry";
    world.post(&user(Role::Support, 1), unknown, None).await.problem(404, "not-found");
}

#[tokio::test]
async fn webhook_that_cannot_be_stored_is_answered_with_retry_after() {
    let mut store = MockStore::new();
    let away = || StoreError::Unavailable("mongodb://user:secret@db.internal".to_owned());
    store.commit.expect_commit().returning(move |_| Err(away()));
    let market = Marketplace::builder(Arc::new(store)).gateway(Arc::new(Cards)).build();
    let router = baitech_http::router(market, Arc::new(TrustingAuth));
    let reply = send(&router, call(Cards::PATH, &[], "{}")).await;
    assert!(!reply.text.contains("mongodb") && !reply.text.contains("secret"), "{}", reply.text);
    assert_eq!(reply.header("retry-after"), "2");
    reply.problem(503, "unavailable");
}
