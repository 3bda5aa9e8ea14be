//! Commands for due work that is set aside, and for consumers of the log.

use std::{error::Error, process::ExitCode};

use baitech::{
    Marketplace,
    kernel::{Actor, PageRequest},
    store::{AggregateRef, ConsumerName, LogState, Seq},
};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::print;

/// Lists items that are set aside, the newest first.
pub(super) async fn list(market: &Marketplace, limit: u32) -> Result<ExitCode, Box<dyn Error>> {
    let page = PageRequest::new(limit, None)?;
    let items = market.operations().list_set_aside(&Actor::System, &page).await?.items;
    if items.is_empty() {
        print("no item is set aside");
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table(["item", "set aside", "due", "attempts", "reason"]);
    for item in &items {
        table.add_row([
            format!("{}/{}", item.target.kind(), item.target.id_text()),
            item.set_aside_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            item.due_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            item.attempts.to_string(),
            item.reason.clone(),
        ]);
    }
    print(table);
    Ok(ExitCode::SUCCESS)
}

/// Returns an item to the workers' queue.
pub(super) async fn retry(market: &Marketplace, target: AggregateRef) -> Result<ExitCode, Box<dyn Error>> {
    market.operations().retry_set_aside(&Actor::System, target).await?;
    print(format_args!("the next worker retries {target}"));
    Ok(ExitCode::SUCCESS)
}

/// Lists all consumers.
pub(super) async fn list_consumers(market: &Marketplace) -> Result<ExitCode, Box<dyn Error>> {
    let consumers = market.operations().list_consumers(&Actor::System).await?;
    if consumers.is_empty() {
        print("the log has no consumers");
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table(["consumer", "read up to", "behind", "attempts"]);
    for state in &consumers {
        table.add_row([
            state.cursor.consumer.to_string(),
            state.cursor.seq.to_string(),
            state.lag.to_string(),
            state.cursor.attempts.to_string(),
        ]);
    }
    print(table);
    Ok(ExitCode::SUCCESS)
}

/// Deletes a consumer's cursor.
pub(super) async fn remove_consumer(
    market: &Marketplace,
    name: ConsumerName,
) -> Result<ExitCode, Box<dyn Error>> {
    market.operations().remove_consumer(&Actor::System, name).await?;
    print(format_args!("the consumer {name} was removed"));
    Ok(ExitCode::SUCCESS)
}

/// Lists parked events.
pub(super) async fn list_parked(market: &Marketplace, limit: u32) -> Result<ExitCode, Box<dyn Error>> {
    let page = PageRequest::new(limit, None)?;
    let parked = market.operations().list_parked(&Actor::System, &page).await?.items;
    if parked.is_empty() {
        print("no event is parked");
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table(["event", "parked", "what happened", "to", "reason"]);
    for parked in &parked {
        let (name, subject) = match &parked.event {
            Ok(event) => (event.kind.name().to_owned(), event.subject.to_string()),
            Err(_) => ("unreadable".to_owned(), String::new()),
        };
        table.add_row([
            format!("{}/{}", parked.consumer, parked.seq),
            parked.parked_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            name,
            subject,
            parked.reason.clone(),
        ]);
    }
    print(table);
    Ok(ExitCode::SUCCESS)
}

/// Requests another attempt at a parked event.
pub(super) async fn retry_parked(
    market: &Marketplace,
    (consumer, seq): (ConsumerName, Seq),
) -> Result<ExitCode, Box<dyn Error>> {
    market.operations().retry_parked(&Actor::System, consumer, seq).await?;
    print(format_args!("{consumer} retries event {seq} when it next runs"));
    Ok(ExitCode::SUCCESS)
}

/// Begins a new epoch of the log.
pub(super) async fn restart_log(market: &Marketplace) -> Result<ExitCode, Box<dyn Error>> {
    let LogState { epoch, .. } = market.operations().restart_log(&Actor::System).await?;
    print(format_args!("the log has the new epoch {epoch}"));
    Ok(ExitCode::SUCCESS)
}

/// Parses `mailer/42`.
pub(super) fn parked(text: &str) -> Result<(ConsumerName, Seq), String> {
    let parts = text.split_once('/');
    let parsed = parts.and_then(|(name, seq)| Some((name.parse().ok()?, Seq::new(seq.parse().ok()?))));
    parsed.ok_or_else(|| "must be a consumer and the number of an event: mailer/42".to_owned())
}

pub(super) fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(header);
    table
}
