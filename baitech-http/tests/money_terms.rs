//! The headers of requests about money: idempotency keys, versions and agreed totals.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::net::SocketAddr;

use axum::{extract::ConnectInfo, http::Method};
use baitech_core::{account::User, booking::BookingStatus, kernel::Role};
use common::{Reply, World, request, user};
use serde_json::{Value, json};

async fn keyed(world: &World, who: &User, path: &str, key: &str, body: &Value) -> Reply {
    let terms = [("idempotency-key", key)];
    world.send(request(Method::POST, path, Some(who), &terms, Some(body.clone()))).await
}

async fn transactions(world: &World, query: &str) -> usize {
    let found = world.get(&user(Role::Admin, 1), &format!("/api/v1/transactions?{query}")).await.ok();
    found["items"].as_array().unwrap().len()
}

/// Sends a request three times under one key, the third time with another amount. Returns what it created.
async fn once(world: &World, who: &User, path: &str, body: Value) -> Value {
    let first = keyed(world, who, path, "k-1", &body).await;
    let again = keyed(world, who, path, "k-1", &body).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201), "{}", first.text);
    assert_eq!(first.json["id"], again.json["id"]);
    assert_eq!(first.headers["location"], again.headers["location"]);
    let mut other = body;
    other["amount"]["amount"] = json!("11");
    let reused = keyed(world, who, path, "k-1", &other).await.problem(409, "refused");
    assert_eq!(reused["rule"], "idempotency_key_reused");
    first.json
}

#[tokio::test]
async fn money_commands_take_effect_once_under_a_key() {
    let world = World::new().await;
    let (asha, admin) = (user(Role::Customer, 1), user(Role::Admin, 1));
    let sum = json!({ "amount": { "amount": "1000", "currency": "KES" }, "method": "mpesa" });
    once(&world, &asha, "/api/v1/wallet/top-up", sum.clone()).await;
    assert_eq!(world.mobile.charges().len(), 1);
    world.call_back().await;
    let withdrawal = json!({ "amount": { "amount": "600", "currency": "KES" } });
    once(&world, &asha, "/api/v1/wallet/withdraw", withdrawal).await;
    assert_eq!(world.get(&asha, "/api/v1/wallet").await.ok()["balance"]["amount"], "400.00");

    let paid = world.booking(1, BookingStatus::Paid).await;
    once(&world, &asha, &format!("/api/v1/bookings/{paid}/tip"), sum).await;
    assert_eq!(transactions(&world, "type=tip").await, 1);

    let (_, payment) = world.paid_booking(2).await;
    let refund = json!({ "amount": { "amount": "600", "currency": "KES" }, "reason": "half of it" });
    let path = format!("/api/v1/transactions/{payment}/refund");
    let first = once(&world, &admin, &path, refund.clone()).await;
    assert_eq!(first["type"], "refund");
    assert_eq!(transactions(&world, "type=refund").await, 1);
    let second = keyed(&world, &admin, &path, "k-2", &refund).await.ok();
    assert_ne!(second["id"], first["id"], "another key is another refund");
}

#[tokio::test]
async fn a_booking_is_paid_once_under_a_key() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let booking = world.booking(1, BookingStatus::Accepted).await;
    let path = format!("/api/v1/bookings/{booking}/pay");
    let pay = |version: &str, key| {
        let terms = [("if-match", version), ("idempotency-key", key)];
        request(Method::POST, &path, Some(&asha), &terms, Some(json!({ "method": "mpesa" })))
    };
    let first = world.send(pay("\"0\"", "k-1")).await.ok();
    // The version is outdated because of this command itself.
    assert_eq!(world.send(pay("\"0\"", "k-1")).await.ok()["id"], first["id"]);
    assert_eq!(world.mobile.charges().len(), 1);
    world.call_back().await;
    let replayed = world.send(pay("\"0\"", "k-1")).await.ok();
    assert_eq!(replayed["status"], "completed", "the current state");
    let stale = world.send(pay("\"0\"", "k-2")).await.problem(412, "precondition-failed");
    assert_eq!(stale["current"]["payment"]["status"], "held");
}

#[tokio::test]
async fn payment_requires_the_shown_price_or_version() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let booking = world.booking(1, BookingStatus::Accepted).await;
    let path = format!("/api/v1/bookings/{booking}/pay");
    let pay = async |terms: &[(&str, &str)]| {
        let body = Some(json!({ "method": "mpesa" }));
        world.send(request(Method::POST, &path, Some(&asha), terms, body)).await
    };
    let unnamed = pay(&[]).await.problem(428, "precondition-required");
    assert!(unnamed["detail"].as_str().unwrap().contains("Agreed-Total"));
    let dearer = pay(&[("agreed-total", "2737.99 KES")]).await.problem(409, "refused");
    assert_eq!(dearer["rule"], "costs_more");
    let dollars = pay(&[("agreed-total", "2738 USD")]).await.problem(422, "invalid");
    assert_eq!(Reply::fields(&dollars), ["agreedTotal"]);
    let stale = pay(&[("if-match", "\"7\"")]).await.problem(412, "precondition-failed");
    assert_eq!(stale["current"]["bookingNumber"], "BK2603000001");
    assert_eq!(transactions(&world, "").await, 0, "no transaction was created");
    pay(&[("agreed-total", "3000 KES")]).await.ok();
}

#[tokio::test]
async fn a_stale_decision_shows_the_transaction_as_it_is() {
    let world = World::new().await;
    let (asha, admin) = (user(Role::Customer, 1), user(Role::Admin, 1));
    let (_, id) = world.paid_booking(1).await;
    let path = format!("/api/v1/transactions/{id}");
    let seen = world.get(&admin, &path).await.header("etag").to_owned();
    let refund = |tag: &str| {
        let body = json!({ "amount": { "amount": "38", "currency": "KES" }, "reason": "rounded down" });
        request(Method::POST, &format!("{path}/refund"), Some(&admin), &[("if-match", tag)], Some(body))
    };
    world.send(refund(&seen)).await.ok();
    let stale = world.send(refund(&seen)).await.problem(412, "precondition-failed");
    assert_eq!(stale["current"]["status"], "partially_refunded");
    assert_eq!(stale["current"]["gateway"].get("token"), None);
    let release =
        request(Method::POST, &format!("{path}/release"), Some(&admin), &[("if-match", &seen)], None);
    world.send(release).await.problem(412, "precondition-failed");
    let withdraw =
        request(Method::POST, &format!("{path}/withdraw"), Some(&asha), &[("if-match", &seen)], None);
    let stale = world.send(withdraw).await;
    assert!(!stale.text.contains("fraudCheck") && !stale.text.contains("gateway"), "{}", stale.text);
    assert_eq!(stale.problem(412, "precondition-failed")["current"]["status"], "partially_refunded");
    assert_eq!(transactions(&world, "type=refund").await, 1);
}

#[tokio::test]
async fn unchanged_transaction_is_not_downloaded_again() {
    let world = World::new().await;
    let (asha, stranger) = (user(Role::Customer, 1), user(Role::Customer, 2));
    let (_, id) = world.paid_booking(1).await;
    let number = world.mobile.charges()[0].number.clone();
    for path in [format!("/api/v1/transactions/{id}"), format!("/api/v1/transactions/number/{number}")] {
        let known = |who, tag| request(Method::GET, &path, Some(who), &[("if-none-match", tag)], None);
        let fresh = world.get(&asha, &path).await;
        assert_eq!(fresh.header("cache-control"), "private, no-cache");
        assert_eq!(fresh.header("vary"), "authorization");
        let tag = fresh.header("etag");
        assert_eq!(tag, format!("\"{}\"", fresh.json["version"]));
        let unchanged = world.send(known(&asha, tag)).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.text.as_str()), (304, ""));
        assert_eq!(world.send(known(&asha, "\"99\"")).await.status, 200);
        world.send(known(&stranger, tag)).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn version_on_a_creation_is_a_failed_precondition() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let booking = world.booking(1, BookingStatus::Paid).await;
    let sum = json!({ "amount": { "amount": "100", "currency": "KES" } });
    for (who, path) in [
        (&asha, format!("/api/v1/bookings/{booking}/tip")),
        (&asha, "/api/v1/wallet/top-up".to_owned()),
        (&asha, "/api/v1/wallet/withdraw".to_owned()),
        (&asha, "/api/v1/wallet/pay-debt".to_owned()),
        (&juma, "/api/v1/payouts".to_owned()),
    ] {
        let pinned = request(Method::POST, &path, Some(who), &[("if-match", "\"0\"")], Some(sum.clone()));
        let problem = world.send(pinned).await.problem(412, "precondition-failed");
        assert_eq!(problem.get("current"), None);
    }
    assert_eq!(transactions(&world, "").await, 0);
}

#[tokio::test]
async fn payment_origin_is_the_address_given_by_the_server() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    for (peer, address) in [
        ("203.0.113.7:55555", json!("203.0.113.7")),
        ("[::ffff:203.0.113.7]:1", json!("203.0.113.7")),
        ("[2001:db8::1]:443", json!("2001:db8::1")),
        ("", Value::Null),
    ] {
        let claimed = [
            ("x-forwarded-for", "198.51.100.1"),
            ("forwarded", "for=198.51.100.1"),
            ("x-real-ip", "198.51.100.1"),
            ("x-device-id", "BaiTech/3.1"),
        ];
        let sum = json!({ "amount": { "amount": "100", "currency": "KES" }, "method": "mpesa" });
        let mut top_up = request(Method::POST, "/api/v1/wallet/top-up", Some(&asha), &claimed, Some(sum));
        if let Ok(peer) = peer.parse::<SocketAddr>() {
            top_up.extensions_mut().insert(ConnectInfo(peer));
        }
        let begun = world.send(top_up).await.ok();
        assert_eq!(begun.get("metadata"), None, "the payer does not see it");
        let path = format!("/api/v1/transactions/{}", begun["id"].as_str().unwrap());
        let known = world.get(&user(Role::Admin, 1), &path).await.ok();
        assert_eq!(known["metadata"]["ipAddress"], address, "{peer}");
        assert_eq!(known["metadata"]["device"], "BaiTech/3.1");
    }
}
