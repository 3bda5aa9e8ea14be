//! A payment from the customer's phone to the technician's, as its parties see it over HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use axum::http::Method;
use baitech_core::{booking::BookingStatus, kernel::Role};
use chrono::TimeDelta;
use common::{World, gateways::Cards, request, user};
use serde_json::{Value, json};

fn kes(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "KES" })
}

#[tokio::test]
async fn payment_is_held_partially_refunded_released_and_paid_out() {
    let world = World::new().await;
    let (asha, juma, admin) = (user(Role::Customer, 1), user(Role::Technician, 1), user(Role::Admin, 1));
    let booking = world.booking(1, BookingStatus::Accepted).await;
    let path = format!("/api/v1/bookings/{booking}/pay");
    let agent = [("agreed-total", "2738.00 KES"), ("x-device-id", "BaiTech/3.1 (phone)")];
    let pay =
        request(Method::POST, &path, Some(&asha), &agent, Some(json!({ "phoneNumber": "0712 345 678" })));
    // The booking is payable in cash unless the payment names another method.
    let refused = world.send(pay).await.problem(409, "refused");
    assert_eq!(refused["rule"], "payment_method");

    let body = json!({ "method": "mpesa", "phoneNumber": "0712 345 678" });
    let begun = world.send(request(Method::POST, &path, Some(&asha), &agent, Some(body))).await;
    assert_eq!(begun.status, 201);
    assert_eq!(begun.header("cache-control"), "no-store");
    let id = begun.json["id"].as_str().unwrap().to_owned();
    assert_eq!(begun.header("location"), format!("../../transactions/{id}"));
    assert_eq!(begun.json["status"], "processing");
    assert_eq!(begun.json["means"]["phoneNumber"], "+254712345678");
    assert_eq!(begun.json.get("clientSecret"), None, "mobile money needs no further step of the client");
    let again = request(Method::POST, &path, Some(&asha), &agent, Some(json!({ "method": "mpesa" })));
    assert_eq!(world.send(again).await.problem(409, "refused")["rule"], "undecided");

    world.call_back().await;
    let transaction = format!("/api/v1/transactions/{id}");
    let held = world.get(&asha, &transaction).await.ok();
    assert_eq!(held["status"], "completed");
    assert_eq!(held["escrow"]["held"], true);
    assert_eq!(held["amount"]["gross"], kes("2738.00"));
    assert_eq!(held["splits"][0]["amount"], kes("2278.00"));
    let seen_by_staff = world.get(&admin, &transaction).await.ok();
    assert_eq!(seen_by_staff["metadata"]["device"], "BaiTech/3.1 (phone)");
    assert_eq!(seen_by_staff["metadata"]["ipAddress"], Value::Null, "the server provides no address");
    let paid = world.get(&asha, &format!("/api/v1/bookings/{booking}")).await.ok();
    assert_eq!(paid["payment"]["status"], "held");
    assert_eq!(paid["payment"]["transactionId"], id);

    world.clock.advance(TimeDelta::minutes(30));
    let refund = json!({ "amount": kes("738"), "reason": "The tap still drips." });
    let given_back = world.post(&admin, &format!("{transaction}/refund"), Some(refund)).await;
    assert_eq!(given_back.status, 201);
    let refund = given_back.json["id"].as_str().unwrap();
    assert_eq!(given_back.header("location"), format!("../{refund}"));
    assert_eq!(given_back.json["type"], "refund");
    assert_eq!(given_back.json["original"], id);
    assert_eq!(given_back.json["status"], "completed");
    assert_eq!(given_back.json["amount"]["gross"], kes("738.00"));
    let too_much = json!({ "amount": kes("2000.01"), "reason": "all of it" });
    let refused = world.post(&admin, &format!("{transaction}/refund"), Some(too_much)).await;
    assert_eq!(refused.problem(409, "refused")["rule"], "exceeds_capture");

    let step = async |who, command: &str| {
        world.post(who, &format!("/api/v1/bookings/{booking}/{command}"), None).await.ok()
    };
    world.clock.advance(TimeDelta::hours(26));
    for command in ["en-route", "arrive", "start", "complete"] {
        step(&juma, command).await;
    }
    assert_eq!(step(&asha, "verify").await["status"], "paid");
    let support = world.post(&user(Role::Support, 1), &format!("{transaction}/release"), None).await;
    support.problem(403, "forbidden");
    let released = world.post(&admin, &format!("{transaction}/release"), None).await.ok();
    assert_eq!(released["escrow"]["held"], false);
    let twice = world.post(&admin, &format!("{transaction}/release"), None).await.problem(409, "refused");
    assert_eq!(twice["rule"], "already_decided");

    let earned = world.get(&juma, "/api/v1/wallet").await.ok();
    let payable = earned["payable"]["amount"].as_str().unwrap().to_owned();
    assert_eq!(earned["balance"], kes("0.00"));
    assert_eq!(earned["debt"], kes("0.00"));
    let lines = world.get(&juma, "/api/v1/earnings/entries").await.ok();
    assert_eq!(lines["items"][0]["amount"], kes(&payable));

    let payout = json!({ "amount": kes("1000"), "phoneNumber": "0722000111" });
    let paid_out = world.post(&juma, "/api/v1/payouts", Some(payout)).await;
    assert_eq!(paid_out.status, 201);
    assert_eq!(paid_out.json["amount"]["net"], kes("990.00"), "for a fee of one percent");
    assert_eq!(paid_out.json["status"], "completed");
    let location = format!("/api/v1/{}", paid_out.header("location"));
    assert_eq!(world.get(&juma, &location).await.ok()["id"], paid_out.json["id"]);
    let too_much = json!({ "amount": kes("100000") });
    let refused = world.post(&juma, "/api/v1/payouts", Some(too_much)).await.problem(409, "refused");
    assert_eq!(refused["rule"], "insufficient_funds");

    let mine = world.get(&asha, &format!("/api/v1/transactions/stats?payer={}", asha.id)).await.ok();
    let expected = json!([{
        "type": "booking_payment", "status": "partially_refunded", "count": 1, "gross": kes("2738.00"),
    }]);
    assert_eq!(mine["items"], expected);
    let back = format!("/api/v1/transactions?payee={}&type=refund&type=tip&status=completed", asha.id);
    assert_eq!(world.get(&asha, &back).await.ok()["items"][0]["id"], *refund);
    for (query, count) in [
        ("method=mpesa&limit=100", 3),
        ("method=card", 0),
        ("from=2026-03-02T05:00:00Z&until=2026-03-02T06:00:00Z", 2),
        ("until=2026-03-02T05:00:00Z", 0),
        ("flagged=true", 0),
        ("flagged=false&type=technician_payout", 1),
    ] {
        let found = world.get(&admin, &format!("/api/v1/transactions?{query}")).await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}");
    }
    let first = world.get(&admin, "/api/v1/transactions?limit=2").await.ok();
    let rest = format!("/api/v1/transactions?limit=2&cursor={}", first["nextCursor"].as_str().unwrap());
    assert_eq!(world.get(&admin, &rest).await.ok()["items"][0]["id"], id);
}

#[tokio::test]
async fn a_card_is_charged_by_the_payers_own_device() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let booking = world.booking(1, BookingStatus::Accepted).await;
    let path = format!("/api/v1/bookings/{booking}/pay");
    let terms = [("if-match", "\"0\""), ("idempotency-key", "k-1")];
    let card = json!({ "method": "card", "account": "pm_visa" });
    let pay = || request(Method::POST, &path, Some(&asha), &terms, Some(card.clone()));
    let begun = world.send(pay()).await;
    let secret = begun.json["clientSecret"].as_str().unwrap().to_owned();
    assert!(secret.contains("_secret_"));
    assert_eq!(begun.header("cache-control"), "no-store");

    let again = world.send(pay()).await;
    assert_eq!(again.json["id"], begun.json["id"]);
    assert_eq!(again.json.get("clientSecret"), None, "the secret is returned once and not stored");
    let id = begun.json["id"].as_str().unwrap();
    for who in [&asha, &juma, &user(Role::Admin, 1)] {
        assert!(!world.get(who, &format!("/api/v1/transactions/{id}")).await.text.contains(&secret));
    }

    let body = json!({ "payment": format!("pi_{}", begun.json["transactionNumber"].as_str().unwrap()) });
    let call = request(Method::POST, Cards::PATH, None, &[Cards::SIGNATURE], Some(body));
    world.send(call).await.ok();
    let held = world.get(&asha, &format!("/api/v1/transactions/{id}")).await.ok();
    assert_eq!(held["status"], "completed");
}

#[tokio::test]
async fn a_wallet_is_filled_spent_and_emptied() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    world.fill_wallet(&asha, 3_000).await;
    assert_eq!(world.get(&asha, "/api/v1/wallet").await.ok()["balance"], kes("3000.00"));
    assert_eq!(world.get(&asha, "/api/v1/wallet?currency=USD").await.ok()["balance"]["amount"], "0.00");

    world.clock.advance(TimeDelta::hours(1));
    let booking = world.booking(1, BookingStatus::Accepted).await;
    let path = format!("/api/v1/bookings/{booking}/pay");
    let shown = [("if-match", "\"0\"")];
    let pay = request(Method::POST, &path, Some(&asha), &shown, Some(json!({ "method": "wallet" })));
    assert_eq!(world.send(pay).await.ok()["status"], "completed");
    world.clock.advance(TimeDelta::hours(1));
    let out = json!({ "amount": kes("262.00") });
    let withdrawn = world.post(&asha, "/api/v1/wallet/withdraw", Some(out.clone())).await;
    assert_eq!(withdrawn.status, 201);
    assert_eq!(withdrawn.json["type"], "wallet_withdrawal");
    let location = format!("/api/v1/wallet/{}", withdrawn.header("location"));
    assert_eq!(
        location,
        format!("/api/v1/wallet/../transactions/{}", withdrawn.json["id"].as_str().unwrap())
    );
    let empty = world.post(&asha, "/api/v1/wallet/withdraw", Some(out)).await.problem(409, "refused");
    assert_eq!(empty["rule"], "insufficient_funds");

    let lines = world.get(&asha, "/api/v1/wallet/entries?limit=2").await.ok();
    let amounts: Vec<_> = lines["items"].as_array().unwrap().iter().map(|line| &line["amount"]).collect();
    assert_eq!(amounts, [&kes("-262.00"), &kes("-2738.00")]);
    let cursor = lines["nextCursor"].as_str().unwrap();
    let rest = world.get(&asha, &format!("/api/v1/wallet/entries?limit=2&cursor={cursor}")).await.ok();
    assert_eq!(rest["items"][0]["amount"], kes("3000.00"));
}

#[tokio::test]
async fn tips_and_debts_are_paid() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let (done, accepted) =
        (world.booking(1, BookingStatus::Paid).await, world.booking(2, BookingStatus::Accepted).await);
    let tip = json!({ "amount": kes("200"), "method": "mpesa" });
    let early = world.post(&asha, &format!("/api/v1/bookings/{accepted}/tip"), Some(tip.clone())).await;
    assert_eq!(early.problem(409, "refused")["rule"], "transition");
    let given = world.post(&asha, &format!("/api/v1/bookings/{done}/tip"), Some(tip.clone())).await;
    assert_eq!(given.status, 201);
    assert_eq!(given.json["type"], "tip");
    world.call_back().await;
    assert_eq!(world.get(&juma, "/api/v1/wallet").await.ok()["payable"], kes("200.00"));
    world
        .post(&juma, &format!("/api/v1/bookings/{done}/tip"), Some(tip.clone()))
        .await
        .problem(403, "forbidden");

    let nothing = world.post(&asha, "/api/v1/wallet/pay-debt", Some(tip.clone())).await;
    assert_eq!(nothing.problem(409, "refused")["rule"], "exceeds_capture");
    world.clock.advance(TimeDelta::hours(25));
    let reason = json!({ "reason": "found somebody else" });
    world.post(&asha, &format!("/api/v1/bookings/{accepted}/cancel"), Some(reason)).await.ok();
    let debt = world.get(&asha, "/api/v1/wallet").await.ok()["debt"].clone();
    assert_ne!(debt, kes("0.00"));
    let pay = json!({ "amount": debt, "method": "mpesa" });
    world.post(&asha, "/api/v1/wallet/pay-debt", Some(pay)).await.ok();
    world.call_back().await;
    assert_eq!(world.get(&asha, "/api/v1/wallet").await.ok()["debt"], kes("0.00"));
}

#[tokio::test]
async fn suspicious_payment_waits_for_review_and_worse_one_is_blocked() {
    let world = World::new().await;
    let (asha, support) = (user(Role::Customer, 1), user(Role::Support, 1));
    world.scores.set(50);
    let (_, id) = world.paid_booking(1).await;
    let path = format!("/api/v1/transactions/{id}");
    let hers = world.get(&asha, &path).await.ok();
    assert_eq!(hers["underReview"], true);
    assert_eq!(hers.get("fraudCheck"), None);
    let queue = world.get(&support, "/api/v1/fraud-queue").await.ok();
    assert_eq!(queue["items"][0]["id"], id);
    assert_eq!(queue["items"][0]["fraudCheck"]["reasons"][0]["rule"], "velocity");
    world.get(&asha, "/api/v1/fraud-queue").await.problem(403, "forbidden");
    let held = world.post(&user(Role::Admin, 1), &format!("{path}/release"), None).await;
    held.problem(409, "refused");

    let approve = json!({ "approved": true });
    world.post(&asha, &format!("{path}/review"), Some(approve.clone())).await.problem(403, "forbidden");
    let reviewed = world.post(&support, &format!("{path}/review"), Some(approve.clone())).await.ok();
    assert_eq!(reviewed["underReview"], false);
    assert_eq!(reviewed["fraudCheck"]["review"]["reviewedBy"], support.id.to_string());
    let again = world.post(&support, &format!("{path}/review"), Some(approve)).await;
    assert_eq!(again.problem(409, "refused")["rule"], "already_decided");
    assert_eq!(world.get(&support, "/api/v1/fraud-queue").await.ok()["items"], json!([]));

    world.scores.set(90);
    let top_up = json!({ "amount": kes("500"), "method": "mpesa" });
    let blocked = world.post(&asha, "/api/v1/wallet/top-up", Some(top_up)).await;
    assert!(!blocked.text.contains("velocity") && !blocked.text.contains("often"), "{}", blocked.text);
    assert_eq!(blocked.problem(409, "refused")["rule"], "payment_declined");
    let failed = format!("/api/v1/transactions?payer={}&status=failed", asha.id);
    let failed = world.get(&asha, &failed).await.ok();
    assert_eq!(failed["items"][0]["failure"]["code"], "declined");
}

#[tokio::test]
async fn mismatched_payment_waits_for_staff() {
    let world = World::new().await;
    let (asha, support) = (user(Role::Customer, 1), user(Role::Support, 1));
    let top_up = json!({ "amount": kes("500"), "method": "mpesa" });
    let id = world.post(&asha, "/api/v1/wallet/top-up", Some(top_up)).await.ok()["id"].clone();
    let (callback, mut body) = world.mobile.callback();
    body["amount"] = kes("50");
    world.send(request(Method::POST, &callback, None, &[], Some(body))).await.ok();
    let path = format!("/api/v1/transactions/{}", id.as_str().unwrap());
    assert_ne!(world.get(&asha, &path).await.ok()["status"], "completed");
    assert_eq!(world.get(&asha, "/api/v1/wallet").await.ok()["balance"], kes("0.00"));
    let flagged = world.get(&support, "/api/v1/transactions?flagged=true").await.ok();
    assert_eq!(flagged["items"][0]["mismatch"]["received"], kes("50.00"));
    let outcome = json!({ "moved": true });
    let refused = world.post(&support, &format!("{path}/outcome"), Some(outcome)).await;
    assert_eq!(refused.problem(409, "refused")["rule"], "already_decided");
    let decision = json!({ "complete": false });
    world.post(&asha, &format!("{path}/mismatch"), Some(decision.clone())).await.problem(403, "forbidden");
    world.post(&support, &format!("{path}/mismatch"), Some(decision)).await.ok();
    let back = format!("/api/v1/transactions?payee={}&type=refund", asha.id);
    assert_eq!(world.get(&asha, &back).await.ok()["items"][0]["amount"]["gross"], kes("50.00"));
}
