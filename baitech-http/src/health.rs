//! Liveness and readiness of the server.

use axum::{Json, extract::State};
use baitech_core::kernel::{Actor, Error, Id};
use serde::Serialize;

use crate::route::{Entry, table};
use crate::{
    app::App,
    problem::{Answer, Problem},
};

/// The routes outside of the interface.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Entry] = table![
    get "/health" Public self::health,
    get "/ready"  Public self::ready,
];

#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
}

/// Answers while the process runs.
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Answers while the store answers: it looks up a booking that cannot exist.
pub(crate) async fn ready(State(app): State<App>) -> Answer<Json<Health>> {
    match app.market.bookings().get(&Actor::System, Id::from_bytes([0; 12])).await {
        Ok(_) | Err(Error::NotFound { .. }) => Ok(Json(Health { status: "ready" })),
        Err(error) => Err(Problem::from_error(error, None, false)),
    }
}
