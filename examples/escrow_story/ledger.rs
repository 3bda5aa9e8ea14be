//! The ledger in tables.

use std::io::Write;

use baitech::{
    kernel::{Currency, Id, Money},
    ledger::{Account, Entry},
};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use crate::Result;

/// The table style: three horizontal lines, none between rows.
const STYLE: TableStyle = {
    let rule = LineStyle::new('─', '─', '─', '─');
    TableStyle::new().top_border(rule).header_separator(rule).bottom_border(rule)
};

fn table(header: [&str; 3]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(header);
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Prints entries, one posting per line; each entry sums to zero.
pub(crate) fn print_entries(entries: &[Entry], out: &mut dyn Write) -> Result<()> {
    let mut table = table(["Entry", "Account", "KES"]);
    for entry in entries {
        let mut description = entry.description.as_str();
        for posting in &entry.postings {
            table.add_row([description, &name(posting.account), &amount(posting.amount)]);
            description = "";
        }
    }
    Ok(writeln!(out, "{table}")?)
}

/// Prints every non-zero account, and their sum.
pub(crate) fn print_balances(balances: &[(Account, Money)], out: &mut dyn Write) -> Result<()> {
    let mut table = table(["", "Account", "KES"]);
    for (account, balance) in balances.iter().filter(|(_, balance)| !balance.is_zero()) {
        table.add_row(["", &name(*account), &amount(*balance)]);
    }
    let sum = Money::sum(Currency::KES, balances.iter().map(|(_, balance)| *balance))?;
    table.add_row(["", "Sum of all accounts", &amount(sum)]);
    writeln!(out, "{table}")?;
    if !sum.is_zero() {
        return Err(format!("the accounts sum to {sum}").into());
    }
    Ok(writeln!(out, "All accounts sum to zero.")?)
}

fn amount(money: Money) -> String {
    format!("{:.2}", money.amount())
}

/// The account's name, with the last digits of its owner's id.
fn name(account: Account) -> String {
    fn end<T>(id: Id<T>) -> String {
        let text = id.to_string();
        text.get(text.len() - 4..).unwrap_or_default().to_owned()
    }
    match account {
        Account::Escrow(id) => format!("escrow of booking …{}", end(id)),
        Account::Wallet(id) => format!("wallet …{}", end(id)),
        Account::Reserved(id) => format!("reserved for transaction …{}", end(id)),
        Account::Payable(id) => format!("owed to technician …{}", end(id)),
        Account::Receivable(id) => format!("owed by …{}", end(id)),
        other => other.to_string().replace('_', " "),
    }
}
