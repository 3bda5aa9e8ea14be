//! The calls of payment providers.

use axum::{
    Json,
    extract::{Request, State},
};
use baitech_core::payment::{Webhook, WebhookCall, WebhookStatus};
use serde::Serialize;

use crate::{
    app::App,
    payments::path::Call,
    problem::{Answer, Problem},
    request::{Caller, Params, read},
    response,
};

/// The answer to a provider, which contains nothing.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {}

/// Stores a call under a known token, without checking its content. The caller learns only that it has
/// arrived, and sends it again if it could not be stored or exceeded the rate limit.
pub(crate) async fn receive_webhook(State(app): State<App>, request: Request) -> Answer<Json<Taken>> {
    // Not decoded: a valid token has no escaped characters.
    let token = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    let payments = app.market.payments();
    let source = payments.webhook_source(&token).await;
    match source.map_err(|error| Problem::unavailable(error.to_string()))? {
        Some(source) => app.webhook_limits.take(source, &token).map_err(Problem::too_many)?,
        None => {
            payments.note_stray_webhook();
            return Ok(Json(Taken {}));
        }
    }
    let headers = request.headers().iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers = headers.collect();
    let body = read(request, &app, Webhook::MAX_BODY_BYTES).await?.to_vec();
    // The engine's own clock sets the time of arrival.
    let call = WebhookCall { token, headers, body, received_at: Default::default() };
    match payments.receive_webhook(call).await {
        Ok(_) => Ok(Json(Taken {})),
        Err(error) => Err(Problem::unavailable(error.to_string())),
    }
}

/// Processes a dead letter or a rejected call again, for staff.
pub(crate) async fn retry_webhook(caller: Caller, Call(id): Call) -> Answer {
    caller.unpinned()?;
    let retried = caller.payments.retry_webhook(&caller.actor, id).await;
    response::json(&caller.answer(retried).await?.value)
}

/// A page of the received calls, the newest first, for staff.
pub(crate) async fn list_webhooks(caller: Caller, mut params: Params) -> Answer {
    let status = |text: &str| WebhookStatus::ALL.into_iter().find(|status| status.as_str() == text);
    let (statuses, page) = (params.all("status", status), params.page());
    params.finish()?;
    let found = caller.listed(caller.payments.list_webhooks(&caller.actor, &statuses, &page).await).await?;
    response::page(&found.map(|stored| stored.value))
}
