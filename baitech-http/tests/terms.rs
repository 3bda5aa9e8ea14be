//! The headers of requests: idempotency keys, versions and entity tags.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use axum::http::Method;
use baitech_core::{account::ProfileChange, booking::BookingStatus, kernel::Role};
use chrono::TimeDelta;
use common::{Reply, World, new_booking, request, user};
use serde_json::{Value, json};

async fn keyed(world: &World, key: &str, body: Value) -> Reply {
    let headers = [("Idempotency-Key", key)];
    let asha = user(Role::Customer, 1);
    world.send(request(Method::POST, "/api/v1/bookings", Some(&asha), &headers, Some(body))).await
}

#[tokio::test]
async fn request_repeated_under_its_key_books_once() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let first = keyed(&world, "k-1", new_booking()).await;
    let again = keyed(&world, "k-1", new_booking()).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(first.json, again.json);
    assert_eq!(first.headers["location"], again.headers["location"]);

    let mut other = new_booking();
    other["description"] = json!("Something else.");
    let reused = keyed(&world, "k-1", other.clone()).await.problem(409, "refused");
    assert_eq!(reused["rule"], "idempotency_key_reused");
    assert_ne!(keyed(&world, "k-2", other).await.ok()["id"], first.json["id"]);
    let list = world.get(&asha, &format!("/api/v1/bookings?customer={}", asha.id)).await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn search_can_be_repeated_under_its_key() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let id = world.booking(1, BookingStatus::Pending).await;
    let path = format!("/api/v1/bookings/{id}/find-technician");
    let search = || request(Method::POST, &path, Some(&asha), &[("Idempotency-Key", "k-1")], None);
    let first = world.send(search()).await.ok();
    assert_eq!(first["status"], "assigned");
    assert_eq!(world.send(search()).await.ok(), first);
}

#[tokio::test]
async fn a_stale_command_shows_the_booking_as_it_is() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let id = world.booking(1, BookingStatus::Assigned).await;
    let path = format!("/api/v1/bookings/{id}");
    let seen = world.get(&asha, &path).await.header("etag").to_owned();
    world.post(&juma, &format!("{path}/accept"), None).await.ok();

    let cancel = |tag: &str| {
        let body = json!({ "reason": "found somebody else" });
        request(Method::POST, &format!("{path}/cancel"), Some(&asha), &[("if-match", tag)], Some(body))
    };
    for stale in [seen.as_str(), "W/\"1\"", "\"abc\""] {
        let problem = world.send(cancel(stale)).await.problem(412, "precondition-failed");
        assert_eq!(problem["current"]["status"], "accepted");
        assert_eq!(problem["current"]["version"], 1);
    }
    assert_eq!(world.get(&asha, &path).await.ok()["status"], "accepted");
    let cancelled = world.send(cancel("\"1\"")).await;
    assert_eq!(cancelled.header("etag"), "\"2\"");
    assert_eq!(cancelled.ok()["status"], "cancelled");
}

#[tokio::test]
async fn stale_pinned_search_is_refused() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let id = world.booking(1, BookingStatus::Matching).await;
    let path = format!("/api/v1/bookings/{id}/find-technician");
    let search = request(Method::POST, &path, Some(&asha), &[("if-match", "\"7\"")], None);
    let problem = world.send(search).await.problem(412, "precondition-failed");
    assert_eq!(problem["current"]["status"], "matching");
}

#[tokio::test]
async fn cancellation_above_the_agreed_fee_is_refused() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let id = world.booking(1, BookingStatus::Accepted).await;
    let path = format!("/api/v1/bookings/{id}");
    // The job starts soon, so a cancellation costs a fee.
    world.clock.advance(TimeDelta::hours(25));
    let quote = world.get(&asha, &format!("{path}/cancellation-fee")).await.ok();
    let fee = quote["fee"]["amount"].as_str().unwrap();
    assert_ne!(fee, "0.00");
    let cancel = |most: &str| {
        let body = json!({ "reason": "found somebody else" });
        let terms = [("agreed-total", most)];
        request(Method::POST, &format!("{path}/cancel"), Some(&asha), &terms, Some(body))
    };
    for less in ["0.00 KES", "0.01 KES"] {
        let problem = world.send(cancel(less)).await.problem(409, "refused");
        assert_eq!(problem["rule"], "costs_more");
    }
    let dollars = world.send(cancel("99999.00 USD")).await.problem(422, "invalid");
    assert_eq!(Reply::fields(&dollars), ["agreedTotal"]);
    assert_eq!(world.get(&asha, &path).await.ok()["status"], "accepted", "the command had no effect");
    let cancelled = world.send(cancel(&format!("{fee} KES"))).await.ok();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["cancellation"]["cancellationFee"], quote["fee"]);
}

#[tokio::test]
async fn conflict_shows_the_technician_no_more_than_other_responses() {
    let world = World::new().await;
    let juma = user(Role::Technician, 1);
    let mut record = baitech_core::testing::build::booking(
        1,
        &user(Role::Customer, 1),
        Some(&juma),
        BookingStatus::Assigned,
    );
    record.location.address = Some(baitech_core::kernel::Text::from_stored("Moi Avenue 7"));
    record.notes.admin = Some(baitech_core::kernel::Text::from_stored("a difficult customer"));
    let id = world.store(record).await;
    let path = format!("/api/v1/bookings/{id}/accept");
    let stale = request(Method::POST, &path, Some(&juma), &[("if-match", "\"9\"")], None);
    let reply = world.send(stale).await;
    assert!(!reply.text.contains("Moi Avenue") && !reply.text.contains("difficult"), "{}", reply.text);
    assert_eq!(reply.problem(412, "precondition-failed")["current"]["status"], "assigned");
}

#[tokio::test]
async fn refusal_lists_the_allowed_transitions() {
    let world = World::new().await;
    let id = world.booking(1, BookingStatus::Accepted).await;
    let path = format!("/api/v1/bookings/{id}/arrive");
    let problem = world.post(&user(Role::Technician, 1), &path, None).await.problem(409, "refused");
    assert_eq!(problem["rule"], "transition");
    assert_eq!(problem["state"], "accepted");
    assert_eq!(problem["requested"], "arrived");
    assert_eq!(problem["allowed"], json!(["en_route", "cancelled"]));
}

#[tokio::test]
async fn version_on_a_creation_is_a_failed_precondition() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    for path in ["/api/v1/bookings", "/api/v1/bookings/quote"] {
        let pinned = request(Method::POST, path, Some(&asha), &[("if-match", "\"0\"")], Some(new_booking()));
        let problem = world.send(pinned).await.problem(412, "precondition-failed");
        assert_eq!(problem.get("current"), None);
    }
    let list = world.get(&asha, &format!("/api/v1/bookings?customer={}", asha.id)).await.ok();
    assert_eq!(list["items"], json!([]), "nothing was booked");
}

#[tokio::test]
async fn unchanged_booking_is_not_downloaded_again() {
    let world = World::new().await;
    let (asha, stranger) = (user(Role::Customer, 1), user(Role::Customer, 2));
    let id = world.booking(1, BookingStatus::Pending).await;
    for path in [format!("/api/v1/bookings/{id}"), "/api/v1/bookings/number/BK2603000001".to_owned()] {
        let known = |who, tag| request(Method::GET, &path, Some(who), &[("if-none-match", tag)], None);
        let fresh = world.get(&asha, &path).await;
        assert_eq!(fresh.header("cache-control"), "private, no-cache");
        let tag = fresh.header("etag");
        let unchanged = world.send(known(&asha, tag)).await;
        assert_eq!(unchanged.status, 304);
        assert_eq!(unchanged.header("etag"), tag);
        assert_eq!(unchanged.text, "");
        assert_eq!(world.send(known(&asha, "\"5\"")).await.status, 200);
        world.send(known(&stranger, tag)).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn changed_phone_number_changes_the_entity_tag_but_not_the_version() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let id = world.booking(1, BookingStatus::Accepted).await;
    let path = format!("/api/v1/bookings/{id}");
    let seen = world.get(&juma, &path).await;
    let tag = seen.header("etag").to_owned();
    let another = ProfileChange { phone_number: Some("0799 000 111".to_owned()), ..ProfileChange::default() };
    world.market.accounts().change_profile(&asha.actor(), asha.id, &another).await.unwrap();

    let again = request(Method::GET, &path, Some(&juma), &[("if-none-match", tag.as_str())], None);
    let now = world.send(again).await;
    assert_eq!(now.status, 200);
    assert_ne!(now.header("etag"), tag);
    assert_ne!(now.json["customerContact"], seen.json["customerContact"]);
    assert_eq!(now.json["version"], seen.json["version"]);

    let cancel = json!({ "reason": "ill" });
    let pinned =
        request(Method::POST, &format!("{path}/cancel"), Some(&juma), &[("if-match", &tag)], Some(cancel));
    assert_eq!(
        world.send(pinned).await.ok()["status"],
        "cancelled",
        "the version of the booking is unchanged"
    );
}

#[tokio::test]
async fn technician_sets_out_early_only_with_the_customers_consent() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let id = world.booking(1, BookingStatus::Accepted).await;
    let path = |command: &str| format!("/api/v1/bookings/{id}/{command}");
    let problem = world.post(&juma, &path("en-route"), None).await.problem(409, "refused");
    assert_eq!(problem["rule"], "too_early");
    assert!(problem["detail"].as_str().unwrap().contains("2026-03-03 06:00"), "{problem}");
    let from = |moment: &str| Some(json!({ "from": moment }));
    let invalid = world.post(&asha, &path("early-start"), from("2026-03-03T06:00:00Z")).await;
    assert_eq!(Reply::fields(&invalid.problem(422, "invalid")), ["from"]);
    world.post(&juma, &path("early-start"), from("2026-03-02T05:00:00Z")).await.problem(403, "forbidden");
    let allowed = world.post(&asha, &path("early-start"), from("2026-03-02T05:00:00Z")).await.ok();
    assert_eq!(allowed["earlyStart"], "2026-03-02T05:00:00Z");
    assert_eq!(world.post(&juma, &path("en-route"), None).await.ok()["status"], "en_route");
}
