//! Commands that show calls of payment providers, and retry one.

use std::{error::Error, process::ExitCode};

use baitech::{
    Marketplace,
    kernel::{Actor, Id, PageRequest},
    payment::{Webhook, WebhookStatus},
};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::print;

/// The newest calls, or those in one status.
pub(super) async fn list(
    market: &Marketplace,
    status: Option<WebhookStatus>,
    limit: u32,
) -> Result<ExitCode, Box<dyn Error>> {
    let page = PageRequest::new(limit, None)?;
    let statuses: Vec<_> = status.into_iter().collect();
    let calls = market.payments().list_webhooks(&Actor::System, &statuses, &page).await?.items;
    if calls.is_empty() {
        print("no matching calls");
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["id", "received", "status", "method", "attempts", "reason", "transaction"]);
    for call in &calls {
        table.add_row([
            call.id.to_string(),
            call.received_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            call.status.as_str().to_owned(),
            call.method.map(|method| method.as_str().to_owned()).unwrap_or_default(),
            call.attempts.to_string(),
            call.reason.clone().unwrap_or_default(),
            call.transaction.map(|id| id.to_string()).unwrap_or_default(),
        ]);
    }
    print(table);
    Ok(ExitCode::SUCCESS)
}

/// Processes a call again.
pub(super) async fn retry(market: &Marketplace, id: Id<Webhook>) -> Result<ExitCode, Box<dyn Error>> {
    let call = market.payments().retry_webhook(&Actor::System, id).await?;
    let reason = call.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    print(format_args!("{id} is {}{reason}", call.status.as_str()));
    let is_handled = match call.status {
        WebhookStatus::Applied
        | WebhookStatus::Duplicate
        | WebhookStatus::Ignored
        | WebhookStatus::NeedsPerson => true,
        WebhookStatus::Received | WebhookStatus::Rejected | WebhookStatus::DeadLetter => false,
    };
    Ok(if is_handled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
