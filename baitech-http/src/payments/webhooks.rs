//! The calls of payment providers.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
use baitech_core::{
    kernel::Error,
    payment::{WebhookCall, WebhookStatus},
};
use serde::Serialize;

use crate::{
    app::App,
    problem::{Answer, Kind, Problem},
    request::{Caller, Params},
    response,
};

/// What a provider is told: nothing.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {}

/// Stores a call, whatever it is. Who calls learns only that it has come, and sends it again where it could not be stored.
pub(crate) async fn receive_webhook(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<Taken>> {
    let body = body.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::new(Kind::Malformed, "the body did not arrive"),
    })?;
    let headers = headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let call = WebhookCall {
        // As it came: a token that is ours has nothing to decode, and one that cannot be decoded is stored like any other.
        token: uri.path().rsplit('/').next().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.to_vec(),
        // The engine's own clock says when; a signature is judged by that.
        received_at: Default::default(),
    };
    match app.market.payments().receive_webhook(call).await {
        Ok(_) => Ok(Json(Taken {})),
        Err(Error::Invalid(_)) => Err(too_large()),
        Err(error) => Err(Problem::unavailable(error.to_string())),
    }
}

/// A page of the calls that have come, the newest first, for staff.
pub(crate) async fn list_webhooks(caller: Caller, mut params: Params) -> Answer {
    let status = |text: &str| WebhookStatus::ALL.into_iter().find(|status| status.as_str() == text);
    let (statuses, page) = (params.all("status", status), params.page());
    params.finish()?;
    let found = caller.listed(caller.payments.list_webhooks(&caller.actor, &statuses, &page).await)?;
    response::page(&found.map(|stored| stored.value))
}

fn too_large() -> Problem {
    Problem::new(Kind::TooLarge, "the body is too large")
}
