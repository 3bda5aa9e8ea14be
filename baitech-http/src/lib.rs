//! The HTTP adapter of the BaiTech marketplace: an axum router over the engine, to be served alone or nested
//! in a server of your own.
//!
//! [`router`] takes the engine and your own [`Authenticate`], which tells who sends a request; [`api_router`]
//! leaves `/health` and `/ready` to a server that has its own. No rule of the business is here: a handler
//! reads the request, calls the engine and writes the answer.
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
//! # What clients meet
//!
//! - JSON with names in camelCase, times in RFC 3339, ids as 24 hexadecimal digits, money as
//!   `{"amount": "2738.00", "currency": "KES"}`.
//! - Bookings and transactions come under an `ETag`: the version, and for a booking after a dash a hash of
//!   the customer's name and phone number where they are shown. A command with that tag in `If-Match` takes
//!   effect only on the version that was shown, and is otherwise answered with 412 (RFC 9110, section 13.1.1)
//!   and the thing as it is now; so is everything that is new (a booking, a quote, a tip, a payout), which
//!   has no version yet. `If-None-Match` saves a download.
//! - Approvals need `If-Match`: what they agree to is what was shown. So does the payment of a booking,
//!   unless it names the price in `Agreed-Total`. Without it they are answered with 428.
//! - `Agreed-Total: 925.00 KES` is the most that a command may cost: the total of a booking (new, moved,
//!   approved, paid) or the fee of a cancellation, as the client has shown it. What costs more by now is
//!   refused (409, rule `costs_more`), and nothing happens.
//! - `Idempotency-Key` makes a command safe to repeat: under the same key it takes effect once, and is
//!   answered with the booking, the transaction or the reconciliation as it is by then. The secret by which a
//!   payer's device goes on with a payment is told once, and not repeated.
//! - Each sees of a transaction what is theirs to see: the payer's means are for the payer, scores and
//!   providers for staff.
//! - Lists are `{"items": […], "nextCursor": "…"}` and take `limit` (20, at most 100) and `cursor`; a query
//!   parameter that a route does not know is an error.
//! - Errors are problem details (RFC 9457); `docs/api/problems.md` explains each kind.
//! - Every answer carries `x-request-id`: the client's own, if it has at most 128 characters of
//!   `A-Za-z0-9-_.:=+/@`, or a new one.
//! - A value has one shape in requests and answers: a place is
//!   `{"coordinates": [longitude, latitude], "address": …}`, a rate is `{"percent": "15"}`.
//! - A provider's statement is accepted with 202 and a `Location` once the file is read, and worked off by a
//!   worker; `GET /api/v1/reconciliations/{reconciliation}` tells how far it is. Lists leave the findings
//!   out.
//! - A body that has not arrived within 25 seconds is answered with 408 ([`Timeouts`]); [`Server`] cuts
//!   connections whose head never ends.
//!
//! # What providers meet
//!
//! `POST /api/v1/webhooks/{token}` takes any body of up to 1 MiB, of whatever type, and answers
//! `{}` with 200 whatever it was; what is
//! wrong with a call, staff reads at `GET /api/v1/webhooks`. 503 with `Retry-After` asks for the call again.
//!
//! Of a call under a token that nobody gave out, nothing is stored and the body is not read; it is counted
//! ([`Marketplace::stray_webhook_calls`]). Each token is limited: a transaction's to 30 calls at once and one
//! more every two seconds, a provider's own to 1,000 at once and 100 more a second. What is above is
//! answered with 429 and `Retry-After`, and providers send it again.
//!
//! # What the server brings
//!
//! Payments are scored for fraud by where they are asked for, among other things: by the id of the app's
//! installation (`X-Device-Id`), and by its address, where the server provides one as
//! [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) (`into_make_service_with_connect_info`).
//! `X-Forwarded-For` and its like are not read: a server behind a proxy that it trusts replaces the
//! `ConnectInfo` in the extensions of the request by what that proxy says.

mod app;
mod authenticate;
mod bookings;
mod health;
mod limit;
mod operations;
mod payments;
mod problem;
mod request;
mod response;
mod route;
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
pub use route::{Access, Route, routes};
pub use server::Server;
pub use timeouts::Timeouts;

/// The most bytes that a body may have.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The most bytes that a provider's statement may have.
pub const STATEMENT_LIMIT: usize = baitech_core::payment::Reconciliation::MAX_STATEMENT_BYTES;

/// How long a request may take where [`Timeouts`] are not set.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// The routes of [`routes`], ready to be served, merged or nested.
///
/// Among them are `/health` (the process runs) and `/ready` (the store answers); axum panics where two merged
/// routers have the same path, so a server with such pages of its own takes [`api_router`].
///
/// Paths below `/api/v1` that no route has are answered here, with a problem of kind `not-found`; all others
/// are left to the router that this one is merged into.
pub fn router(market: Marketplace, auth: Arc<dyn Authenticate>) -> Router {
    router_with(market, auth, Timeouts::default())
}

/// As [`router`], with other time-outs.
pub fn router_with(market: Marketplace, auth: Arc<dyn Authenticate>, timeouts: Timeouts) -> Router {
    assemble(market, auth, timeouts, route::TABLE.iter())
}

/// As [`router`], with nothing outside of `/api/v1`: for servers that have a `/health` or a `/ready` of their
/// own.
pub fn api_router(market: Marketplace, auth: Arc<dyn Authenticate>) -> Router {
    api_router_with(market, auth, Timeouts::default())
}

/// As [`api_router`], with other time-outs.
pub fn api_router_with(market: Marketplace, auth: Arc<dyn Authenticate>, timeouts: Timeouts) -> Router {
    let is_api = |entry: &&route::Entry| entry.route.path.starts_with("/api/v1/");
    assemble(market, auth, timeouts, route::TABLE.iter().filter(is_api))
}

fn assemble<'a>(
    market: Marketplace,
    auth: Arc<dyn Authenticate>,
    timeouts: Timeouts,
    entries: impl Iterator<Item = &'a route::Entry>,
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
