//! The HTTP adapter of the BaiTech marketplace: an axum router over the engine, to be served alone or nested
//! in a server of your own.
//!
//! [`router`] takes the engine and your own [`Authenticate`], which identifies the sender of a request;
//! [`api_router`] omits `/health` and `/ready`, for a server that has its own. This crate contains no
//! business rules: a handler reads the request, calls the engine and writes the answer.
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::{Router, http::HeaderMap, routing::get};
//! use baitech_core::{Marketplace, kernel::Actor, memory::MemoryStore};
//! use baitech_http::{Authenticate, Unauthenticated, async_trait};
//!
//! #[derive(Debug)]
//! struct Sessions;
//!
//! #[async_trait]
//! impl Authenticate for Sessions {
//!     async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Unauthenticated> {
//!         // Look the session up, and answer `Actor::user(id, role)`.
//!         Err(Unauthenticated::BadCredentials)
//!     }
//! }
//!
//! let market = Marketplace::builder(Arc::new(MemoryStore::new())).build();
//! let app: Router = Router::new()
//!     .route("/about", get(|| async { "our own page" }))
//!     .merge(baitech_http::router(market, Arc::new(Sessions)));
//! ```
//!
//! # The interface for clients
//!
//! - JSON with names in camelCase, times in RFC 3339, ids as 24 hexadecimal digits, money as
//!   `{"amount": "2738.00", "currency": "KES"}`.
//! - Bookings, transactions and identity checks have an `ETag`: the version, followed for a booking by a dash
//!   and a hash of the customer's name and phone number, if these are shown. A command with that tag in
//!   `If-Match` takes effect only on that version. Otherwise it is answered with 412 (RFC 9110, section
//!   13.1.1) and the current state. `If-Match` on a request that creates something (a booking, a quote, a
//!   tip, a payout) is answered with 412 too, since nothing has a version yet. `If-None-Match` saves a
//!   download.
//! - Approvals need `If-Match`, because they agree to the terms of the shown version. So does the payment of
//!   a booking, unless it names the price in `Agreed-Total`. Without it they are answered with 428.
//! - `Agreed-Total: 925.00 KES` is the maximum cost of a command: the total of a booking (new, moved,
//!   approved, paid) or the fee of a cancellation, as the client has shown it. A command that costs more is
//!   refused (409, rule `costs_more`) without effect.
//! - `Idempotency-Key` makes a command safe to repeat: under the same key it takes effect once, and a
//!   repeated request is answered with the current booking, transaction or reconciliation. The secret with
//!   which a payer's device continues a payment is returned once, and not repeated.
//! - The visible part of a transaction depends on the caller: the payer's means of payment for the payer,
//!   fraud scores and provider details for staff.
//! - Lists are `{"items": […], "nextCursor": "…"}` and take `limit` (20, at most 100) and `cursor`; a query
//!   parameter that a route does not know is an error.
//! - Errors are problem details (RFC 9457); `docs/api/problems.md` explains each kind.
//! - Every answer carries `x-request-id`: the client's own, if it has at most 128 characters of
//!   `A-Za-z0-9-_.:=+/@`, or a new one.
//! - A value has one shape in requests and answers: a place is
//!   `{"coordinates": [longitude, latitude], "address": …}`, a rate is `{"percent": "15"}`.
//! - `GET /api/v1/search/{index}?q=…` finds users, posts, reviews, messages and bookings by their texts. Each
//!   result has an `id`, a `title`, `createdAt` and a `relevance`, which only compares results of one query.
//! - A provider's statement is accepted with 202 and a `Location` after the file is parsed, and a worker
//!   processes it; `GET /api/v1/reconciliations/{reconciliation}` returns its progress. Lists omit the
//!   findings.
//! - A body that has not arrived within 25 seconds is answered with 408 ([`Timeouts`]); [`Server`] closes
//!   connections whose request head never ends.
//!
//! # The interface for providers
//!
//! `POST /api/v1/webhooks/{token}` accepts any body of up to 1 MiB, of any type, and always answers `{}` with
//! 200; staff see errors of a call at `GET /api/v1/webhooks`. 503 with `Retry-After` asks the provider to
//! send the call again.
//!
//! A call under an unknown token is only counted ([`Marketplace::stray_webhook_calls`]); its body is neither
//! read nor stored. Each token has a rate limit: a transaction's token 30 calls at once and one more every
//! two seconds, a provider's own token 1,000 at once and 100 more a second. A call above the limit is
//! answered with 429 and `Retry-After`, and providers send it again.
//!
//! # What the server provides
//!
//! The fraud score of a payment also depends on the origin of the request: the id of the app's installation
//! (`X-Device-Id`), and the IP address, if the server provides it as
//! [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) (`into_make_service_with_connect_info`).
//! `X-Forwarded-For` and similar headers are not read: a server behind a trusted proxy replaces the
//! `ConnectInfo` in the extensions of the request by the address that the proxy reports.

mod app;
mod authenticate;
mod bookings;
mod health;
mod kyc_cases;
mod limit;
mod operations;
mod payments;
mod problem;
mod request;
mod response;
mod route;
mod search;
mod server;
mod timeouts;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    routing::any,
};
use baitech_core::Marketplace;
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
};

pub use async_trait::async_trait;

pub use authenticate::{Authenticate, Unauthenticated};
use route::Entry;
pub use route::{Access, Route, routes};
pub use server::Server;
pub use timeouts::Timeouts;

/// The routes of every feature, in the order of the documentation.
const ROUTES: [&[Entry]; 6] = [
    health::ROUTES,
    bookings::ROUTES,
    payments::ROUTES,
    kyc_cases::ROUTES,
    search::ROUTES,
    operations::ROUTES,
];

fn entries() -> impl Iterator<Item = &'static Entry> {
    ROUTES.into_iter().flatten()
}

/// The maximum size of a body in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The maximum size of a provider's statement in bytes.
pub const STATEMENT_LIMIT: usize = baitech_core::payment::Reconciliation::MAX_STATEMENT_BYTES;

/// The default time-out of a request, if [`Timeouts`] are not set.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// The routes of [`routes`], ready to be served, merged or nested.
///
/// They include `/health` (the process runs) and `/ready` (the store answers). axum panics if two merged
/// routers have the same path, so a server with such routes of its own takes [`api_router`].
///
/// Unknown paths below `/api/v1` are answered with a problem of kind `not-found`; all others are left to the
/// router into which this one is merged.
pub fn router(market: Marketplace, auth: Arc<dyn Authenticate>) -> Router {
    router_with(market, auth, Timeouts::default())
}

/// Like [`router`], with custom time-outs.
pub fn router_with(market: Marketplace, auth: Arc<dyn Authenticate>, timeouts: Timeouts) -> Router {
    assemble(market, auth, timeouts, entries())
}

/// Like [`router`], but without routes outside `/api/v1`: for servers with a `/health` or `/ready` of their
/// own.
pub fn api_router(market: Marketplace, auth: Arc<dyn Authenticate>) -> Router {
    api_router_with(market, auth, Timeouts::default())
}

/// Like [`api_router`], with custom time-outs.
pub fn api_router_with(market: Marketplace, auth: Arc<dyn Authenticate>, timeouts: Timeouts) -> Router {
    let is_api = |entry: &&Entry| entry.route.path.starts_with("/api/v1/");
    assemble(market, auth, timeouts, entries().filter(is_api))
}

fn assemble<'a>(
    market: Marketplace,
    auth: Arc<dyn Authenticate>,
    timeouts: Timeouts,
    entries: impl Iterator<Item = &'a Entry>,
) -> Router {
    let app = app::App { market, auth, webhook_limits: Arc::default(), body_timeout: timeouts.body };
    let require_actor = from_fn_with_state(app.clone(), authenticate::require_actor);
    let mut router = Router::new();
    for entry in entries {
        let mounted = (entry.mount)();
        router = router.route(
            entry.route.path,
            match entry.route.access {
                Access::Public => mounted,
                Access::Authenticated => mounted.route_layer(require_actor.clone()),
            },
        );
    }
    let unknown = || any(|| async { StatusCode::NOT_FOUND });
    router
        .route("/api/v1", unknown())
        .route("/api/v1/", unknown())
        .route("/api/v1/{*rest}", unknown())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeouts.request))
        .layer(from_fn(problem::render))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(from_fn(request::bound_request_id))
        .with_state(app)
}
