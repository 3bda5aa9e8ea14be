//! Receipts, invoices and statements: as files if the engine has a renderer, and as JSON if the client asks
//! for it by name.

use axum::{extract::State, http::HeaderMap};
use baitech_core::{kernel::Result, payment::Document};
use tokio::task::spawn_blocking;

use crate::{
    app::App,
    payments::path::{Company, Month, Payment, Year},
    problem::{Answer, Problem},
    request::{Caller, prefers_json},
    response,
};

/// The receipt of money that has moved.
pub(crate) async fn receipt(
    State(app): State<App>,
    caller: Caller,
    Payment(id): Payment,
    headers: HeaderMap,
) -> Answer {
    show(&app, &caller, &headers, caller.payments.receipt(&caller.actor, id).await).await
}

/// The invoice of a booking's payment.
pub(crate) async fn invoice(
    State(app): State<App>,
    caller: Caller,
    Payment(id): Payment,
    headers: HeaderMap,
) -> Answer {
    show(&app, &caller, &headers, caller.payments.invoice(&caller.actor, id).await).await
}

/// A company's charges and payments in a month.
pub(crate) async fn statement(
    State(app): State<App>,
    caller: Caller,
    Company(company): Company,
    Year(year): Year,
    Month(month): Month,
    headers: HeaderMap,
) -> Answer {
    let statement = caller.payments.statement(&caller.actor, company, year, month).await;
    show(&app, &caller, &headers, statement).await
}

async fn show(app: &App, caller: &Caller, headers: &HeaderMap, document: Result<Document>) -> Answer {
    let document = caller.answer(document).await?;
    let renderer = app.market.documents().cloned();
    let Some(renderer) = renderer.filter(|renderer| !prefers_json(headers, renderer.media_type())) else {
        return response::json(&document).map(response::negotiated);
    };
    let media_type = renderer.media_type();
    let name = file_name(&document, media_type);
    // Rendering a long statement takes time and must not block other requests.
    let rendered = spawn_blocking(move || renderer.render(&document)).await;
    let rendered = rendered.map_err(|error| Problem::internal(error.to_string()))?;
    let bytes = rendered.map_err(|error| Problem::internal(error.to_string()))?;
    response::file(bytes, media_type, &name)
}

/// `receipt-RCT260302000001.pdf`.
fn file_name(document: &Document, media_type: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let kind = document.kind.title().to_ascii_lowercase();
    let number: String = document.number.chars().filter(plain).collect();
    let subtype = media_type.split_once('/').map_or("", |(_, subtype)| subtype);
    let extension: String = subtype.chars().take_while(|c| plain(c)).collect();
    format!("{kind}-{number}.{extension}")
}
