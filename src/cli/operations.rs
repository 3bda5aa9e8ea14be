//! Commands for due work that is set aside.

use std::{error::Error, process::ExitCode};

use baitech::{
    Marketplace,
    kernel::{Actor, PageRequest},
    store::AggregateRef,
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
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["item", "set aside", "due", "attempts", "reason"]);
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
