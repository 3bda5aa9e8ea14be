//! Invalid requests about money: each answer names the invalid fields.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use axum::http::Method;
use baitech_core::{booking::BookingStatus, kernel::Role};
use common::{Reply, World, request, user};
use serde_json::{Value, json};

#[tokio::test]
async fn every_bad_amount_is_named_on_every_route_that_takes_one() {
    let world = World::new().await;
    let (asha, juma, admin) = (user(Role::Customer, 1), user(Role::Technician, 1), user(Role::Admin, 1));
    let (_, payment) = world.paid_booking(1).await;
    let done = world.booking(2, BookingStatus::Paid).await;
    world.fill_wallet(&asha, 1_000).await;
    let before = transactions(&world).await;
    let routes = [
        (&asha, format!("/api/v1/bookings/{done}/tip"), "method"),
        (&asha, "/api/v1/wallet/top-up".to_owned(), "method"),
        (&asha, "/api/v1/wallet/withdraw".to_owned(), "method"),
        (&asha, "/api/v1/wallet/pay-debt".to_owned(), "method"),
        (&juma, "/api/v1/payouts".to_owned(), "method"),
        (&admin, format!("/api/v1/transactions/{payment}/refund"), "reason"),
    ];
    let amounts = [
        (json!({ "amount": "-5", "currency": "KES" }), "amount", "out_of_range"),
        (json!({ "amount": "0", "currency": "KES" }), "amount", "out_of_range"),
        (json!({ "amount": -0.0, "currency": "KES" }), "amount", "out_of_range"),
        (json!({ "amount": "5", "currency": "USD" }), "amount", "currency"),
        (json!({ "amount": "5.001", "currency": "KES" }), "amount", "malformed"),
        (json!({ "amount": 5.001, "currency": "KES" }), "amount", "malformed"),
        (json!({ "amount": "five", "currency": "KES" }), "amount.amount", "malformed"),
        (json!({ "amount": "1e400", "currency": "KES" }), "amount.amount", "malformed"),
        (json!({ "amount": "5" }), "amount.currency", "required"),
        (json!({ "amount": "5", "currency": "KSH" }), "amount.currency", "unknown"),
        (json!("5"), "amount", "malformed"),
        (json!(5), "amount", "malformed"),
        (Value::Null, "amount", "malformed"),
    ];
    for (who, path, other) in &routes {
        let other_value = if *other == "reason" { json!("It drips.") } else { json!("mpesa") };
        for (amount, field, code) in &amounts {
            let body = json!({ "amount": amount, *other: other_value });
            let reply = world.post(who, path, Some(body)).await;
            let seen = format!("{path} {amount}: {}", reply.text);
            let problem = reply.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], *field, "{seen}");
            assert_eq!(problem["errors"][0]["code"], *code, "{seen}");
        }
        let missing =
            world.post(who, path, Some(json!({ *other: other_value }))).await.problem(422, "invalid");
        assert_eq!(Reply::fields(&missing), ["amount"]);
        assert_eq!(missing["errors"][0]["code"], "required");
    }
    assert_eq!(transactions(&world).await, before, "no transaction was created");
    // A plain number is also an amount.
    let plain = json!({ "amount": { "amount": 12, "currency": "KES" }, "method": "mpesa" });
    let begun = world.post(&asha, "/api/v1/wallet/top-up", Some(plain)).await.ok();
    assert_eq!(begun["amount"]["gross"], json!({ "amount": "12.00", "currency": "KES" }));
}

async fn transactions(world: &World) -> usize {
    let found = world.get(&user(Role::Admin, 1), "/api/v1/transactions?limit=100").await.ok();
    found["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn every_other_bad_value_is_named() {
    let world = World::new().await;
    let (asha, admin) = (user(Role::Customer, 1), user(Role::Admin, 1));
    let booking = world.booking(1, BookingStatus::Accepted).await;
    let (_, payment) = world.paid_booking(2).await;
    let amount = json!({ "amount": "100", "currency": "KES" });
    let decide = |command: &str| format!("/api/v1/transactions/{payment}/{command}");
    let pay = format!("/api/v1/bookings/{booking}/pay");
    let top_up = "/api/v1/wallet/top-up".to_owned();
    let payouts = "/api/v1/payouts".to_owned();
    let over = json!({ "amount": "500001", "currency": "KES" });
    for (who, path, body, field, code) in [
        (&asha, &pay, json!({ "method": "barter" }), "method", "unknown"),
        (&asha, &pay, json!({ "method": "mpesa", "phoneNumber": "12" }), "phoneNumber", "malformed"),
        (&asha, &pay, json!({ "origin": { "ipAddress": "10.0.0.1" } }), "origin", "unknown"),
        (&asha, &pay, json!({ "amount": amount }), "amount", "unknown"),
        (&asha, &pay, json!([]), "body", "malformed"),
        (&asha, &pay, json!(["mpesa"]), "body", "malformed"),
        (&asha, &top_up, json!({ "amount": over, "method": "mpesa" }), "amount", "out_of_range"),
        (
            &asha,
            &top_up,
            json!({ "amount": amount, "method": "mpesa", "phoneNumber": "x" }),
            "phoneNumber",
            "malformed",
        ),
        (&asha, &top_up, json!({ "amount": amount, "technician": asha.id }), "technician", "unknown"),
        (&admin, &payouts, json!({ "amount": amount, "technician": "juma" }), "technician", "malformed"),
        (&admin, &decide("refund"), json!({ "amount": amount }), "reason", "required"),
        (&admin, &decide("refund"), json!({ "amount": amount, "reason": " " }), "reason", "required"),
        (
            &admin,
            &decide("refund"),
            json!({ "amount": amount, "reason": "x".repeat(501) }),
            "reason",
            "too_long",
        ),
        (&admin, &decide("review"), json!({}), "approved", "required"),
        (&admin, &decide("review"), json!({ "approved": "yes" }), "approved", "malformed"),
        (&admin, &decide("mismatch"), json!({}), "complete", "required"),
        (&admin, &decide("outcome"), json!({ "receipt": "QK1" }), "moved", "required"),
        (&admin, &decide("outcome"), json!({ "moved": true, "amount": 5 }), "amount", "unknown"),
    ] {
        let shown = [("if-match", "\"0\"")];
        let terms = if path.ends_with("/pay") { &shown[..] } else { &[] };
        let reply = world.send(request(Method::POST, path, Some(who), terms, Some(body.clone()))).await;
        let seen = format!("{path} {body}: {}", reply.text);
        let problem = reply.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{seen}");
        assert_eq!(problem["errors"][0]["code"], code, "{seen}");
    }
}

#[tokio::test]
async fn unsuitable_payment_methods_are_refused() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let sum = |method: &str| json!({ "amount": { "amount": "100", "currency": "KES" }, "method": method });
    for (path, method) in [
        ("wallet/top-up", "cash"),
        ("wallet/top-up", "wallet"),
        ("wallet/withdraw", "card"),
        ("wallet/withdraw", "cash"),
    ] {
        let refused = world.post(&asha, &format!("/api/v1/{path}"), Some(sum(method))).await;
        assert_eq!(refused.problem(409, "refused")["rule"], "payment_method", "{path} {method}");
    }
}

#[tokio::test]
async fn invalid_queries_and_paths_are_refused() {
    let world = World::new().await;
    let admin = user(Role::Admin, 1);
    for (query, field) in [
        ("transactions?colour=red", "colour"),
        ("transactions?limit=-1", "limit"),
        ("transactions?payer=asha", "payer"),
        ("transactions?payee=1&payee=2", "payee"),
        ("transactions?booking=BK1", "booking"),
        ("transactions?type=gift", "type"),
        ("transactions?status=done", "status"),
        ("transactions?method=barter", "method"),
        ("transactions?from=yesterday", "from"),
        ("transactions?until=2026-03-02", "until"),
        ("transactions?flagged=perhaps", "flagged"),
        ("transactions?cursor=nonsense", "cursor"),
        ("transactions/stats?limit=3", "limit"),
        ("transactions/7", "transaction"),
        ("transactions/number/7", "number"),
        ("transactions/7/receipt", "transaction"),
        ("statements/acme/2026/3", "company"),
        ("statements/0123456789abcdef01234567/now/3", "year"),
        ("statements/0123456789abcdef01234567/2026/-1", "month"),
        ("fraud-queue?flagged=true", "flagged"),
        ("wallet?user=asha", "user"),
        ("wallet?currency=shillings", "currency"),
        ("wallet/entries?currency=KES", "currency"),
        ("wallet/entries?cursor=nonsense", "cursor"),
        ("earnings/entries?cursor=nonsense", "cursor"),
        ("webhooks?cursor=nonsense", "cursor"),
    ] {
        let reply = world.get(&admin, &format!("/api/v1/{query}")).await;
        let seen = format!("{query}: {}", reply.text);
        let problem = reply.problem(400, "malformed");
        assert!(Reply::fields(&problem).iter().all(|found| *found == field), "{seen}");
    }
    for path in ["transactions/0123456789abcdef01234567", "transactions/number/TXN260302000099"] {
        world.get(&admin, &format!("/api/v1/{path}")).await.problem(404, "not-found");
    }
}
