//! The command that audits the ledger.

use std::{error::Error, process::ExitCode};

use baitech::{Marketplace, kernel::Actor};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::{payments, print};

/// Exits with 1 if the audit fails; transactions that wait for a person are not a failure.
pub(super) async fn audit(market: &Marketplace) -> Result<ExitCode, Box<dyn Error>> {
    let audit = market.ledger().audit(&Actor::System).await?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["account", "balance"]);
    for (account, balance) in audit.balances.iter().filter(|(_, balance)| !balance.is_zero()) {
        table.add_row([account.to_string(), balance.to_string()]);
    }
    align_right(&mut table, 1);
    print(&table);
    for difference in &audit.differences {
        let (account, running, recounted) = (difference.account, difference.running, difference.recounted);
        print(format_args!(
            "difference: the balance of {account} is {running}, but its postings sum to {recounted}"
        ));
    }
    for (account, balance) in &audit.overdrawn {
        print(format_args!("overdrawn: the balance of {account} is {balance}"));
    }
    for sum in audit.sums.iter().filter(|sum| !sum.is_zero()) {
        print(format_args!("unbalanced: all accounts sum to {sum} instead of zero"));
    }
    if !audit.quiet {
        print("the ledger changed during the audit: totals and changing accounts were not checked");
    }
    let waiting = payments::flagged(market).await?.len();
    print(format_args!("waiting for staff: {waiting} (baitech payments --flagged)"));
    if audit.is_clean() {
        print("the ledger is consistent");
        return Ok(ExitCode::SUCCESS);
    }
    print("the ledger is not consistent");
    Ok(ExitCode::FAILURE)
}

pub(super) fn align_right(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}
