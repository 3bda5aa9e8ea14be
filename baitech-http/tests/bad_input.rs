//! Invalid requests: each answer names the invalid fields.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use baitech_core::{booking::BookingStatus, kernel::Role};
use common::{Reply, World, new_booking, request, user};
use serde_json::{Value, json};

/// The booking with one field replaced, by a dotted path.
fn with(field: &str, value: Value) -> Value {
    let mut booking = new_booking();
    let pointer = format!("/{}", field.replace('.', "/"));
    match booking.pointer_mut(&pointer) {
        Some(place) => *place = value,
        None => booking[field] = value,
    }
    booking
}

fn without(field: &str) -> Value {
    let mut booking = new_booking();
    booking.as_object_mut().unwrap().remove(field).unwrap();
    booking
}

#[tokio::test]
async fn every_bad_value_is_named() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let unknown = "0123456789abcdef01234567";
    let cases = [
        (with("description", json!("x".repeat(1_001))), "description", "too_long"),
        (with("description", json!("  ")), "description", "required"),
        (without("description"), "description", "required"),
        (with("description", json!(7)), "description", "malformed"),
        (with("colour", json!("red")), "colour", "unknown"),
        (with("serviceCategory", json!("alchemy")), "serviceCategory", "unknown"),
        (
            with("serviceLocation.coordinates", json!([200.0, 0.0])),
            "serviceLocation.coordinates",
            "out_of_range",
        ),
        (
            with("serviceLocation.coordinates", json!(["36", "-1"])),
            "serviceLocation.coordinates.0",
            "malformed",
        ),
        (with("timeSlot.date", json!("2020-01-01")), "timeSlot.startTime", "in_past"),
        (with("timeSlot.date", json!("tomorrow")), "timeSlot.date", "malformed"),
        (with("timeSlot.endTime", json!("09:00")), "timeSlot.endTime", "order"),
        (with("timeSlot.startTime", json!("25:00")), "timeSlot.startTime", "malformed"),
        (with("preferredTechnician", json!(unknown)), "preferredTechnician", "unknown"),
        (with("preferredTechnician", json!("juma")), "preferredTechnician", "malformed"),
        (with("project", json!({ "name": "roof" })), "project", "unknown"),
        (
            with("images", json!([{ "url": "x", "publicId": null }, { "publicId": "y" }])),
            "images.1.url",
            "required",
        ),
        (json!([]), "body", "malformed"),
        (json!(null), "body", "malformed"),
    ];
    for (body, field, code) in cases {
        let problem = world.post(&asha, "/api/v1/bookings", Some(body.clone())).await.problem(422, "invalid");
        assert_eq!(Reply::fields(&problem), [field], "{problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
        assert!(!problem["errors"][0]["message"].as_str().unwrap().contains(" line "), "{problem}");
    }
    let mut discount = with("discount", json!({ "amount": "5", "currency": "USD" }));
    discount["onBehalfOf"] = json!(asha.id);
    let problem = world.post(&user(Role::Admin, 1), "/api/v1/bookings", Some(discount)).await;
    assert_eq!(Reply::fields(&problem.problem(422, "invalid")), ["discount"]);
    let stored = world.get(&asha, &format!("/api/v1/bookings?customer={}", asha.id)).await.ok();
    assert_eq!(stored["items"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn all_bad_values_are_named_at_once() {
    let world = World::new().await;
    let mut body = with("description", json!(""));
    body["timeSlot"]["endTime"] = json!("10:07");
    body["serviceLocation"]["coordinates"] = json!([0.0, -91.0]);
    let problem = world.post(&user(Role::Customer, 1), "/api/v1/bookings", Some(body)).await;
    let problem = problem.problem(422, "invalid");
    assert_eq!(Reply::fields(&problem), ["description", "serviceLocation.coordinates", "timeSlot.endTime"]);
}

async fn raw(world: &World, content_type: &str, body: impl Into<Body>) -> Reply {
    let asha = user(Role::Customer, 1);
    let mut request = request(Method::POST, "/api/v1/bookings", Some(&asha), &[], None);
    request.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
    *request.body_mut() = body.into();
    world.send(request).await
}

#[tokio::test]
async fn malformed_json_bodies_are_refused() {
    let world = World::new().await;
    let json = "application/json; charset=utf-8";
    let twice = format!("{} {{}}", new_booking());
    for broken in ["{\"description\": ", "nonsense", "", twice.as_str(), "{\"description\": \"\u{0}\"}"] {
        raw(&world, json, broken.to_owned()).await.problem(400, "malformed");
    }
    raw(&world, json, &b"{\"description\": \"\xff\"}"[..]).await.problem(400, "malformed");
    raw(&world, "text/plain", new_booking().to_string()).await.problem(415, "unsupported-media-type");
    let big = with("description", json!("x".repeat(baitech_http::BODY_LIMIT)));
    raw(&world, json, big.to_string()).await.problem(413, "too-large");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(raw(&world, json, deep).await.status.is_client_error());
    let asha = user(Role::Customer, 1);
    let untyped = request(Method::POST, "/api/v1/bookings", Some(&asha), &[], None);
    world.send(untyped).await.problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn optional_body_is_refused_if_invalid() {
    let world = World::new().await;
    let juma = user(Role::Technician, 1);
    let id = world.booking(1, BookingStatus::InProgress).await;
    let pause = format!("/api/v1/bookings/{id}/pause");
    let wrong = world.post(&juma, &pause, Some(json!({ "cause": "lunch" }))).await.problem(422, "invalid");
    assert_eq!(Reply::fields(&wrong), ["cause"]);
    assert_eq!(world.post(&juma, &pause, None).await.ok()["status"], "paused");
}

#[tokio::test]
async fn invalid_queries_and_paths_are_refused() {
    let world = World::new().await;
    let admin = user(Role::Admin, 1);
    for (query, field) in [
        ("colour=red", "colour"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("customer=asha", "customer"),
        ("status=gone", "status"),
        ("Status=paid", "Status"),
        ("cursor=nonsense", "cursor"),
    ] {
        let reply = world.get(&admin, &format!("/api/v1/bookings?{query}")).await;
        assert_eq!(Reply::fields(&reply.problem(400, "malformed")), [field]);
    }
    let many = world.get(&admin, "/api/v1/bookings?limit=0&a=1&status=x").await.problem(400, "malformed");
    assert_eq!(Reply::fields(&many), ["status", "limit", "a"]);
    let stats = world.get(&admin, "/api/v1/bookings/stats?limit=3").await.problem(400, "malformed");
    assert_eq!(Reply::fields(&stats), ["limit"]);

    for limit in ["limit=0", "limit=101"] {
        let reply = world.get(&admin, &format!("/api/v1/bookings?{limit}")).await;
        assert_eq!(Reply::fields(&reply.problem(422, "invalid")), ["limit"]);
    }
    for (path, field) in
        [("bookings/7", "booking"), ("bookings/7/history", "booking"), ("bookings/number/7", "number")]
    {
        let problem = world.get(&admin, &format!("/api/v1/{path}")).await.problem(400, "malformed");
        assert_eq!(Reply::fields(&problem), [field]);
    }
    world.get(&admin, "/api/v1/bookings/0123456789abcdef01234567").await.problem(404, "not-found");
    world.get(&admin, "/api/v1/bookings/number/BK2603000099").await.problem(404, "not-found");
    for unknown in ["/api/v1", "/api/v1/", "/api/v1/nowhere", "/api/v1/bookings/a/b/c", "/nowhere"] {
        world.get(&admin, unknown).await.problem(404, "not-found");
    }
    let patched = world.send(request(Method::PATCH, "/api/v1/bookings", Some(&admin), &[], None)).await;
    let allowed = patched.header("allow").to_owned();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    patched.problem(405, "method-not-allowed");
}

#[tokio::test]
async fn invalid_headers_are_refused() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let long = "k".repeat(256);
    for (name, value) in [
        ("Idempotency-Key", "two words"),
        ("Idempotency-Key", long.as_str()),
        ("Agreed-Total", "925"),
        ("Agreed-Total", "a lot of KES"),
        ("If-Match", "1"),
        ("If-Match", "\"1\", \"2\""),
    ] {
        let request =
            request(Method::POST, "/api/v1/bookings", Some(&asha), &[(name, value)], Some(new_booking()));
        let problem = world.send(request).await.problem(400, "malformed");
        assert_eq!(Reply::fields(&problem), [name]);
    }
}

#[tokio::test]
async fn request_keeps_its_incoming_id() {
    let world = World::new().await;
    let named = Request::builder().uri("/health").header("x-request-id", "from-the-proxy");
    let reply = world.send(named.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.header("x-request-id"), "from-the-proxy");
    let unnamed = Request::builder().uri("/ready").body(Body::empty()).unwrap();
    let reply = world.send(unnamed).await;
    assert_eq!(reply.header("x-request-id").len(), 36);
    assert_eq!(reply.ok(), json!({ "status": "ready" }));
}
