//! Unavailable stores and authenticators, lost races, and time-outs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request},
};
use baitech_core::{
    Marketplace,
    booking::{Booking, BookingStatus},
    kernel::{Actor, ManualClock, Money, Role},
    mock::MockStore,
    store::{AggregateRef, Origin, StoreError, Stored, Version},
    testing::build,
};
use baitech_http::{Authenticate, Unauthenticated};
use common::{Reply, TrustingAuth, new_booking, request, send, user};

fn served(store: MockStore) -> Router {
    let clock = Arc::new(ManualClock::at(build::start()));
    let market = Marketplace::builder(Arc::new(store)).clock(clock).build();
    baitech_http::router(market, Arc::new(TrustingAuth))
}

fn stored<T>(value: T) -> Stored<T> {
    Stored { value, version: Version::new(3), origin: Origin::none() }
}

#[tokio::test]
async fn unavailable_store_is_not_described_to_clients() {
    let away = || StoreError::Unavailable("mongodb://user:secret@db.internal".to_owned());
    let mut store = MockStore::new();
    store.users.expect_load().returning(move |_| Err(away()));
    store.bookings.expect_load().returning(move |_| Err(away()));
    let router = served(store);
    let asha = user(Role::Customer, 1);
    let create = request(Method::POST, "/api/v1/bookings", Some(&asha), &[], Some(new_booking()));
    let get = request(Method::GET, "/api/v1/bookings/0123456789abcdef01234567", Some(&asha), &[], None);
    let ready = request(Method::GET, "/ready", None, &[], None);
    for request in [create, get, ready] {
        let reply = send(&router, request).await;
        assert!(!reply.text.contains("mongodb") && !reply.text.contains("secret"), "{}", reply.text);
        assert_eq!(reply.header("retry-after"), "2");
        reply.problem(503, "unavailable");
    }
    let alive = send(&router, request(Method::GET, "/health", None, &[], None)).await;
    assert_eq!(alive.status, 200, "the process is healthy nevertheless");
}

#[tokio::test]
async fn unreadable_data_is_an_internal_error_without_details() {
    let mut store = MockStore::new();
    store
        .users
        .expect_load()
        .returning(|id| Ok((id == user(Role::Customer, 1).id).then(|| stored(user(Role::Customer, 1)))));
    store.bookings.expect_load().returning(|id| {
        let reason = "pricing.total: \"a secret\" is no number".to_owned();
        Err(StoreError::Corrupt { collection: "bookings", id: id.to_string(), reason })
    });
    let asha = user(Role::Customer, 1);
    let get = request(Method::GET, "/api/v1/bookings/0123456789abcdef01234567", Some(&asha), &[], None);
    let reply = send(&served(store), get).await;
    assert!(!reply.text.contains("secret") && !reply.text.contains("pricing"), "{}", reply.text);
    reply.problem(500, "internal");
}

#[tokio::test]
async fn duplicate_reference_is_a_conflict_that_names_it() {
    let problem =
        accept(|_| StoreError::Duplicate { field: "gatewayReference" }).await.problem(409, "conflict");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("the provider's reference"), "{detail}");
}

/// An authenticator that returns an actor that is not a user.
#[derive(Debug)]
struct Names(Actor);

#[baitech_http::async_trait]
impl Authenticate for Names {
    async fn authenticate(&self, _: &HeaderMap) -> Result<Actor, Unauthenticated> {
        Ok(self.0)
    }
}

#[tokio::test]
async fn system_and_anonymous_actors_are_refused() {
    for actor in [Actor::System, Actor::Anonymous] {
        let market = Marketplace::builder(Arc::new(MockStore::new())).build();
        let router = baitech_http::router(market, Arc::new(Names(actor)));
        for (method, path) in [
            (Method::GET, "/api/v1/bookings"),
            (Method::POST, "/api/v1/bookings"),
            (Method::GET, "/api/v1/transactions"),
        ] {
            let body = (method == Method::POST).then(new_booking);
            // The mock expects no call.
            let reply = send(&router, request(method, path, None, &[], body)).await;
            reply.problem(401, "unauthenticated");
        }
    }
}

/// Accepts an assigned booking on a store whose commits fail with this error.
async fn accept(failure: fn(AggregateRef) -> StoreError) -> Reply {
    let juma = user(Role::Technician, 1);
    let technician = juma.clone();
    let assigned = build::booking(1, &user(Role::Customer, 1), Some(&juma), BookingStatus::Assigned);
    let id = assigned.id;
    let mut store = MockStore::new();
    store.users.expect_load().returning(move |_| Ok(Some(stored(technician.clone()))));
    store.bookings.expect_load().returning(move |_| Ok(Some(stored(Booking::from_record(assigned.clone())))));
    store.ledger.expect_balance().returning(|_, currency| Ok(Money::zero(currency)));
    store.commit.expect_commit().returning(move |_| Err(failure(AggregateRef::Booking(id))));
    let accept = request(Method::POST, &format!("/api/v1/bookings/{id}/accept"), Some(&juma), &[], None);
    send(&served(store), accept).await
}

#[tokio::test]
async fn repeatedly_lost_race_ends_in_a_conflict() {
    let problem = accept(StoreError::Conflict).await.problem(409, "conflict");
    assert_eq!(problem["current"]["version"], 3);
    assert_eq!(problem["current"]["status"], "assigned");
}

#[tokio::test]
async fn unprepared_store_asks_clients_to_retry_without_details() {
    let reply = accept(|_| StoreError::NotPrepared("run `baitech prepare`".into())).await;
    assert!(!reply.text.contains("prepare"), "{}", reply.text);
    assert_eq!(reply.header("retry-after"), "2");
    reply.problem(503, "unavailable");
}

fn asked_by(role: &str) -> Request<Body> {
    let request = Request::builder().uri("/api/v1/bookings/stats");
    request.header("authorization", format!("Bearer {role}/1")).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn unavailable_authenticator_is_not_a_refusal() {
    let reply = send(&served(MockStore::new()), asked_by("broken")).await;
    assert_eq!(reply.header("retry-after"), "2");
    assert!(!reply.text.contains("connection"), "{}", reply.text);
    reply.problem(503, "unavailable");
}

#[tokio::test(start_paused = true)]
async fn slow_request_times_out() {
    let reply = send(&served(MockStore::new()), asked_by("silent")).await;
    assert_eq!(reply.header("retry-after"), "2");
    reply.problem(503, "unavailable");
}
