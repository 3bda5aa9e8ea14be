//! Whether the process runs, and whether it can serve.

use axum::{Json, extract::State};
use baitech_core::kernel::{Actor, Error, Id};
use serde::Serialize;

use crate::{
    app::App,
    problem::{Answer, Problem},
};

#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
}

/// Answers as long as the process does.
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Answers while the store does: looks up a booking that cannot be there.
pub(crate) async fn ready(State(app): State<App>) -> Answer<Json<Health>> {
    match app.market.bookings().get(&Actor::System, Id::from_bytes([0; 12])).await {
        Ok(_) | Err(Error::NotFound { .. }) => Ok(Json(Health { status: "ready" })),
        Err(error) => Err(Problem::from_error(error, None, false)),
    }
}
