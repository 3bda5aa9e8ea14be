//! The money at the end: every booking, and the ledger.

use std::collections::BTreeMap;

use baitech::{
    booking::{Booking, BookingFilter, DisputeOutcome},
    kernel::{Actor, Currency, Money, PageRequest},
    ledger::Account,
    store::Stored,
};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use crate::{Result, cast::Cast, money, stage::Stage};

/// The table style: three horizontal lines, none between rows.
const STYLE: TableStyle = {
    let rule = LineStyle::new('─', '─', '─', '─');
    TableStyle::new().top_border(rule).header_separator(rule).bottom_border(rule)
};

/// Prints the last lines and the tables of bookings and balances.
pub(crate) async fn close(stage: &mut Stage<'_>) -> Result<()> {
    stage.settle().await?;
    stage.close()?;
    let bookings = all_bookings(stage).await?;
    let table = bookings_table(&bookings, &stage.cast)?;
    stage.print(&format!("\nEvery booking, in KES\n{table}"))?;
    let balances = stage.market.ledger().trial_balance(&Actor::System).await?;
    let table = ledger_table(balances, &stage.cast)?;
    stage.print(&format!("\nThe ledger (positive: owed or earned by the platform)\n{table}"))
}

/// Every booking, the oldest first, read page by page.
async fn all_bookings(stage: &Stage<'_>) -> Result<Vec<Stored<Booking>>> {
    let bookings = stage.market.bookings();
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest::new(10, cursor)?;
        let page = bookings.list(&Actor::System, &BookingFilter::default(), &page).await?;
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            all.sort_by(|a, b| a.number.cmp(&b.number));
            return Ok(all);
        }
    }
}

fn bookings_table(bookings: &[Stored<Booking>], cast: &Cast) -> Result<Table> {
    let mut table = table(
        &["Number", "Service", "Customer", "Technician", "Status", "Total", "Paid", "Fee", "Refund"],
        5..9,
    );
    let mut sums = [Money::zero(Currency::KES); 3];
    for booking in bookings {
        let amounts = [paid(booking), fee(booking), refund(booking)];
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum = sum.checked_add(amount)?;
        }
        let technician = booking.technician.map_or("–", |id| cast.name(id));
        let text = [
            booking.number.as_str(),
            booking.service_type.as_str(),
            cast.name(booking.customer),
            technician,
            booking.status.as_str(),
        ];
        let numbers = [booking.pricing.total, amounts[0], amounts[1], amounts[2]].map(number_or_dash);
        table.add_row(text.into_iter().map(str::to_owned).chain(numbers));
    }
    let [paid, fees, refunds] = sums.map(number_or_dash);
    table.add_row(["Sum", "", "", "", "", "", &paid, &fees, &refunds]);
    Ok(table)
}

fn paid(booking: &Booking) -> Money {
    let total = booking.pricing.total;
    if booking.payment.paid_at.is_some() { total } else { Money::zero(total.currency()) }
}

fn fee(booking: &Booking) -> Money {
    let none = Money::zero(booking.pricing.currency());
    booking.cancellation.as_ref().map_or(none, |cancellation| cancellation.fee)
}

fn refund(booking: &Booking) -> Money {
    let none = Money::zero(booking.pricing.currency());
    let resolution = booking.dispute.as_ref().and_then(|dispute| dispute.resolution.as_ref());
    match resolution.map(|resolution| resolution.outcome) {
        Some(DisputeOutcome::PartialRefund(amount)) => amount,
        Some(DisputeOutcome::FullRefund) => paid(booking),
        Some(DisputeOutcome::Release) | None => none,
    }
}

fn ledger_table(balances: Vec<(Account, Money)>, cast: &Cast) -> Result<Table> {
    let mut table = table(&["Account", "Of", "Balance"], 2..3);
    let mut sums: BTreeMap<&'static str, Money> = BTreeMap::new();
    let mut rows: Vec<(&'static str, &str, Money)> = Vec::with_capacity(balances.len());
    for (account, balance) in balances {
        let currency = balance.currency();
        let sum = sums.entry(currency.code()).or_insert(Money::zero(currency));
        *sum = sum.checked_add(balance)?;
        let (name, of) = account_name(account, cast);
        rows.push((name, of, balance));
    }
    rows.sort_by_key(|(name, of, _)| (*name, *of));
    for (name, of, balance) in rows {
        table.add_row([name, of, &money::text(balance)]);
    }
    for (currency, sum) in sums {
        if !sum.is_zero() {
            return Err(format!("the ledger does not balance in {currency}: {sum}").into());
        }
        table.add_row(["Sum of all accounts", "", &money::text(sum)]);
    }
    Ok(table)
}

fn account_name(account: Account, cast: &Cast) -> (&'static str, &str) {
    match account {
        Account::Clearing(method) => ("Clearing", method.as_str()),
        Account::Bank => ("Bank", ""),
        Account::Escrow(_) => ("Escrow", "a booking"),
        Account::Reserved(_) => ("Reserved", "a transaction"),
        Account::Wallet(id) => ("Wallet", cast.name(id)),
        Account::Payable(id) => ("Payable to technician", cast.name(id)),
        Account::Receivable(id) => ("Receivable from customer", cast.name(id)),
        Account::OpenTopUps(id) => ("Open top-ups", cast.name(id)),
        Account::OpenDebtPayments(id) => ("Open debt payments", cast.name(id)),
        Account::OpenCashJobs(id) => ("Commission of open cash jobs", cast.name(id)),
        Account::PlatformRevenue => ("Platform revenue", ""),
        Account::ProcessingRevenue => ("Processing revenue", ""),
        Account::GatewayCharges => ("Gateway charges", ""),
        Account::Discounts => ("Discounts", ""),
        Account::WithholdingPayable => ("Withholding tax payable", ""),
        Account::VatPayable => ("VAT payable", ""),
        Account::Losses => ("Losses", ""),
        Account::OpenAmounts => ("Open amounts", ""),
        Account::OpeningBalance => ("Opening balance", ""),
    }
}

fn table(header: &[&str], right_aligned: std::ops::Range<usize>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(header);
    for column in right_aligned {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn number_or_dash(amount: Money) -> String {
    if amount.is_zero() { "–".to_owned() } else { money::number(amount) }
}
