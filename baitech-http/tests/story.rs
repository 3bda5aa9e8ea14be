//! One booking from request to paid, as its parties see it over HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use axum::http::Method;
use baitech_core::kernel::Role;
use chrono::TimeDelta;
use common::{World, new_booking, request, user};
use serde_json::json;

#[tokio::test]
async fn a_booking_runs_from_request_to_paid() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));

    let quote = world.post(&asha, "/api/v1/bookings/quote", Some(new_booking())).await.ok();
    assert_eq!(quote["pricing"]["totalAmount"], json!({ "amount": "2738.00", "currency": "KES" }));
    assert_eq!(quote["shares"]["payout"], json!({ "amount": "2278.00", "currency": "KES" }));

    let created = world.post(&asha, "/api/v1/bookings", Some(new_booking())).await;
    assert_eq!(created.status, 201);
    let id = created.json["id"].as_str().unwrap().to_owned();
    assert_eq!(created.header("location"), format!("bookings/{id}"));
    assert_eq!(created.header("etag"), "\"0\"");
    let number = created.json["bookingNumber"].as_str().unwrap().to_owned();
    let path = |command: &str| format!("/api/v1/bookings/{id}/{command}");
    let step = async |who, command: &str, body| world.post(who, &path(command), body).await.ok();

    let candidates = world.get(&asha, &path("candidates")).await.ok();
    assert_eq!(candidates["items"][0]["technician"], juma.id.to_string());
    let electrician = user(Role::Technician, 2);
    let why_not = world.get(&asha, &path(&format!("candidates/{}/why-not", electrician.id))).await.ok();
    assert_eq!(why_not["eligible"], false);
    assert_eq!(why_not["reason"], "the profile has no skill in plumbing");

    let assigned = step(&asha, "find-technician", None).await;
    assert_eq!(assigned["status"], "assigned");
    assert_eq!(assigned["technician"], juma.id.to_string());

    let offered = world.get(&juma, &format!("/api/v1/bookings/{id}")).await.ok();
    assert_eq!(offered["allowed"], json!(["accepted", "rejected", "cancelled"]));
    assert_eq!(offered["serviceLocation"]["address"], json!(null), "not before acceptance");
    assert_eq!(offered.get("customerContact"), None);
    let accepted = step(&juma, "accept", None).await;
    assert_eq!(accepted["serviceLocation"]["address"], "Moi Avenue 7");
    assert_eq!(accepted["customerContact"]["phoneNumber"], asha.phone.to_string());

    let proposal = json!({
        "reason": "the pipe is cracked",
        "materials": [{
            "name": "pipe", "quantity": "2",
            "unitPrice": { "amount": "350.00", "currency": "KES" }, "providedBy": "technician",
        }],
    });
    let proposed = step(&juma, "price-change", Some(proposal)).await;
    assert_eq!(proposed["pricing"]["totalAmount"]["amount"], "2738.00", "not before approval");
    world.post(&asha, &path("price-change/approve"), None).await.problem(428, "precondition-required");
    let shown = world.get(&asha, &format!("/api/v1/bookings/{id}")).await;
    let pin = [("if-match", shown.header("etag"))];
    let approval = request(Method::POST, &path("price-change/approve"), Some(&asha), &pin, None);
    let approved = world.send(approval).await.ok();
    assert_eq!(approved["pricing"]["serviceCharge"]["amount"], "2700.00");
    let total = approved["pricing"]["totalAmount"]["amount"].as_str().unwrap().to_owned();

    step(&juma, "warranty", Some(json!({ "duration": 30, "terms": "the tap" }))).await;
    world.clock.advance(TimeDelta::hours(26));
    step(&juma, "en-route", None).await;
    step(&juma, "arrive", None).await;
    let fee = world.get(&asha, &path("cancellation-fee")).await.ok();
    assert_eq!(fee["cause"], "customer");
    step(&juma, "start", None).await;
    step(&juma, "pause", Some(json!({ "reason": "lunch" }))).await;
    step(&juma, "resume", None).await;
    step(&juma, "quality/checkpoints", Some(json!({ "name": "no leak", "passed": true }))).await;
    step(&juma, "complete", None).await;
    let verified = step(&asha, "verify", None).await;
    assert_eq!(verified["status"], "payment_pending");
    let paid = step(&juma, "confirm-cash", None).await;
    assert_eq!(paid["status"], "paid");
    assert_eq!(paid["payment"]["status"], "completed");
    assert_eq!(paid["pricing"]["totalAmount"]["amount"], total);

    let history = world.get(&asha, &path("history")).await.ok();
    let statuses: Vec<_> = history["items"].as_array().unwrap().iter().map(|line| &line["status"]).collect();
    let expected = [
        "pending",
        "matching",
        "assigned",
        "accepted",
        "en_route",
        "arrived",
        "in_progress",
        "paused",
        "in_progress",
        "completed",
        "verified",
        "payment_pending",
        "paid",
    ];
    assert_eq!(statuses, expected);

    let numbered = world.get(&asha, &format!("/api/v1/bookings/number/{number}")).await.ok();
    assert_eq!(numbered, world.get(&asha, &format!("/api/v1/bookings/{id}")).await.ok());
    let claim = json!({
        "timeSlot": { "date": "2026-03-05", "startTime": "09:00", "endTime": "10:00" },
        "description": "It drips again.",
    });
    let claimed = world.post(&asha, &path("warranty/claim"), Some(claim)).await;
    assert_eq!(claimed.status, 201);
    assert_eq!(claimed.header("location"), format!("../../{}", claimed.json["id"].as_str().unwrap()));
    assert_eq!(claimed.json["warrantyFor"], id);
    assert_eq!(claimed.json["pricing"]["totalAmount"]["amount"], "0.00");

    let mine = format!("/api/v1/bookings?customer={}&limit=1", asha.id);
    let first = world.get(&asha, &mine).await.ok();
    assert_eq!(first["items"][0]["id"], claimed.json["id"]);
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = world.get(&asha, &format!("{mine}&cursor={cursor}")).await.ok();
    assert_eq!(second["items"][0]["id"], id);
    assert_eq!(second.get("nextCursor"), None);
    let stats = world.get(&asha, &format!("/api/v1/bookings/stats?customer={}", asha.id)).await.ok();
    assert_eq!(stats, json!({ "byStatus": { "pending": 1, "paid": 1 } }));
    let paid = format!("/api/v1/bookings?customer={}&status=paid&status=cancelled", asha.id);
    assert_eq!(world.get(&asha, &paid).await.ok()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_dispute_is_decided_by_staff() {
    let world = World::new().await;
    let (asha, support) = (user(Role::Customer, 1), user(Role::Support, 1));
    let id = world.booking(1, baitech_core::booking::BookingStatus::Completed).await;
    let step = async |who, command: &str, body| {
        world.post(who, &format!("/api/v1/bookings/{id}/{command}"), body).await
    };
    let claim = json!({ "category": "quality", "reason": "It still drips." });
    assert_eq!(step(&asha, "dispute", Some(claim)).await.ok()["status"], "disputed");
    let evidence =
        json!({ "text": "A puddle.", "images": [{ "url": "https://img.example/1", "publicId": null }] });
    step(&asha, "dispute/evidence", Some(evidence)).await.ok();
    let refused = step(&asha, "dispute/investigate", None).await.problem(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("admin, support"));
    step(&support, "dispute/investigate", None).await.ok();
    let partial = json!({ "outcome": "partial_refund", "notes": "half each" });
    let missing = step(&support, "dispute/resolve", Some(partial)).await.problem(422, "invalid");
    assert_eq!(common::Reply::fields(&missing), ["amount"]);
    let release = json!({ "outcome": "release", "notes": "The work is good." });
    let resolved = step(&support, "dispute/resolve", Some(release)).await.ok();
    assert_eq!(resolved["dispute"]["resolution"]["outcome"], "release");
    assert_eq!(resolved["status"], "payment_pending");
    let closed = step(&support, "dispute/close", None).await.ok();
    assert_eq!(closed["dispute"]["status"], "closed");
}
