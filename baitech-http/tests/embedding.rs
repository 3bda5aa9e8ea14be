//! The router inside other servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
    routing::get,
};
use baitech_core::kernel::Role;
use common::{TrustingAuth, World, new_booking, request, user};

fn own() -> Router {
    let fallback = || async { (StatusCode::NOT_FOUND, "our own not-found page") };
    Router::new().route("/about", get(|| async { "our own page" })).fallback(fallback)
}

fn plain(path: &str) -> Request<Body> {
    Request::builder().uri(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn merged_router_leaves_other_paths_alone() {
    let mut world = World::new().await;
    world.router = own().merge(world.router);
    assert_eq!(world.send(plain("/about")).await.text, "our own page");
    assert_eq!(world.send(plain("/nowhere")).await.text, "our own not-found page");
    assert_eq!(world.send(plain("/health")).await.status, 200);
    world.send(plain("/api/v1/nowhere")).await.problem(404, "not-found");
}

#[tokio::test]
async fn embedding_server_keeps_its_own_health_routes() {
    let mut world = World::new().await;
    let api = baitech_http::api_router(world.market.clone(), Arc::new(TrustingAuth));
    let pages = || async { "our own health" };
    world.router = own().route("/health", get(pages)).route("/ready", get(pages)).merge(api);
    for path in ["/health", "/ready"] {
        assert_eq!(world.send(plain(path)).await.text, "our own health");
    }
    let asha = user(Role::Customer, 1);
    world.get(&asha, &format!("/api/v1/bookings?customer={}", asha.id)).await.ok();
    world.send(plain("/api/v1/nowhere")).await.problem(404, "not-found");
}

#[tokio::test]
async fn nested_router_works_below_its_prefix() {
    let mut world = World::new().await;
    world.router = own().nest("/market/{tenant}", world.router);
    let asha = user(Role::Customer, 1);
    let path = "/market/nairobi/api/v1/bookings";
    let created = world.send(request(Method::POST, path, Some(&asha), &[], Some(new_booking()))).await;
    assert_eq!(created.status, 201);
    // Relative to the request: /market/nairobi/api/v1/bookings/{id}.
    let location = format!("/market/nairobi/api/v1/{}", created.header("location"));
    assert_eq!(world.get(&asha, &location).await.ok()["id"], created.json["id"]);
    world.send(plain("/market/nairobi/api/v1/nowhere")).await.problem(404, "not-found");
    assert_eq!(world.send(plain("/about")).await.text, "our own page");
}
