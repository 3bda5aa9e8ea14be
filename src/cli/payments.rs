//! Commands that show transactions, and set a provider's statement against them.

use std::{error::Error, fs, path::Path, process::ExitCode};

use baitech::{
    Marketplace,
    booking::PaymentMethod,
    kernel::{Actor, PageRequest},
    payment::{
        MismatchKind, PersonTask, ReconcileProgress, ReconcileRequest, ReconcileStep, Transaction,
        TransactionFilter,
        reconcile::{ComparedMovement, ReconciliationReport, SummaryRow},
    },
    store::Stored,
};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use indicatif::{ProgressBar, ProgressStyle};
use rust_decimal::Decimal;

use super::{books::align_right, print};

/// The newest transactions, or all that wait for a person.
pub(super) async fn list(
    market: &Marketplace,
    only_flagged: bool,
    limit: u32,
) -> Result<ExitCode, Box<dyn Error>> {
    let transactions = if only_flagged {
        flagged(market).await?
    } else {
        let page = PageRequest::new(limit, None)?;
        market.payments().list(&Actor::System, &TransactionFilter::default(), &page).await?.items
    };
    if transactions.is_empty() {
        print(if only_flagged { "no transaction waits for a person" } else { "there are no transactions" });
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["number", "begun", "type", "method", "status", "amount", "to decide", "id"]);
    for transaction in &transactions {
        let tasks: Vec<_> = transaction.person_tasks().into_iter().map(name_of).collect();
        table.add_row([
            transaction.number.to_string(),
            transaction.initiated_at.format("%Y-%m-%d %H:%M").to_string(),
            transaction.kind.to_string(),
            transaction.method.as_str().to_owned(),
            transaction.status.to_string(),
            transaction.amount.gross.to_string(),
            tasks.join(", "),
            transaction.id.to_string(),
        ]);
    }
    align_right(&mut table, 5);
    print(table);
    Ok(ExitCode::SUCCESS)
}

/// Every transaction that waits for a person, the newest first.
pub(super) async fn flagged(market: &Marketplace) -> Result<Vec<Stored<Transaction>>, Box<dyn Error>> {
    let filter = TransactionFilter { flagged: true, ..TransactionFilter::default() };
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest::new(PageRequest::MAX_LIMIT, cursor)?;
        let page = market.payments().list(&Actor::System, &filter, &page).await?;
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

fn name_of(task: PersonTask) -> &'static str {
    match task {
        PersonTask::FraudReview => "fraud review",
        PersonTask::Chargeback => "chargeback",
        PersonTask::WrongMoney(MismatchKind::Amount) => "wrong amount",
        PersonTask::WrongMoney(MismatchKind::Payer) => "wrong payer",
        PersonTask::WrongMoney(MismatchKind::Reference) => "wrong reference",
        PersonTask::WrongMoney(MismatchKind::Limit) => "above the wallet limit",
        PersonTask::UnknownOutcome => "unknown outcome",
        PersonTask::Verdict => "contradicting verdicts",
        PersonTask::ProviderMove(_) => "moved by the provider",
        _ => "something to look at",
    }
}

/// Exits with 1 where the statement and the books differ.
pub(super) async fn reconcile(
    market: &Marketplace,
    method: PaymentMethod,
    file: &Path,
    as_json: bool,
) -> Result<ExitCode, Box<dyn Error>> {
    let statement = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let request = ReconcileRequest { method, format: None, period: None };
    // Drawn on the standard error, and only where that is a terminal.
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:40} {pos}/{len}")?);
    let progress = |ReconcileProgress { step, done, total }| {
        bar.set_message(match step {
            ReconcileStep::Transfers => "completing transfers",
            ReconcileStep::Marks => "marking",
        });
        bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    };
    let reconciled = market.payments().reconcile_with(&Actor::System, &request, &statement, &progress).await;
    bar.finish_and_clear();
    let report = reconciled?;
    if as_json {
        print(serde_json::to_string_pretty(&report)?);
    } else {
        show(&report);
    }
    let same = report.amount_differs.is_empty()
        && report.missing_here.is_empty()
        && report.missing_there.is_empty()
        && !report.rows.summaries.iter().any(SummaryRow::differs);
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(report: &ReconciliationReport) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["", "transaction", "statement", "booked", "stated", "discrepancy"]);
    let compared = |what: &str, movement: &ComparedMovement| {
        let references: Vec<_> = movement.lines.iter().map(|line| line.reference.as_str()).collect();
        [
            what.to_owned(),
            movement.movement.number.to_string(),
            references.join(", "),
            movement.booked.to_string(),
            movement.stated.to_string(),
            movement.discrepancy.to_string(),
        ]
    };
    for movement in &report.amount_differs {
        table.add_row(compared("differs", movement));
    }
    for missing in &report.missing_here {
        let (line, amount) = (&missing.line, missing.line.amount.to_string());
        let what = "missing in the books".to_owned();
        let (reference, discrepancy) = (line.reference.clone(), missing.discrepancy.to_string());
        table.add_row([what, String::new(), reference, String::new(), amount, discrepancy]);
    }
    for missing in &report.missing_there {
        let movement = &missing.movement;
        table.add_row([
            "missing in the statement".to_owned(),
            movement.number.to_string(),
            movement.references.join(", "),
            movement.amount.to_string(),
            String::new(),
            missing.discrepancy.to_string(),
        ]);
    }
    for movement in &report.matched {
        table.add_row(compared("matched", movement));
    }
    for column in 3..6 {
        align_right(&mut table, column);
    }
    print(table);
    print(format_args!(
        "{} matched, {} differ, {} missing in the books, {} missing in the statement",
        report.matched.len(),
        report.amount_differs.len(),
        report.missing_here.len(),
        report.missing_there.len()
    ));
    let rows = &report.rows;
    print(format_args!(
        "{} rows: {} movements, {} charges, {} not completed, {} without an amount, {} totals",
        rows.read,
        rows.lines,
        rows.charges,
        rows.skipped.not_completed,
        rows.skipped.without_amount,
        rows.summaries.len()
    ));
    for summary in rows.summaries.iter().filter(|summary| summary.differs()) {
        let SummaryRow { line, label, stated, counted } = summary;
        let shown =
            |amount: &Option<_>| amount.map_or("nothing".to_owned(), |amount: Decimal| amount.to_string());
        print(format_args!(
            "line {line}: {label} states {}, and the rows above it sum to {}",
            shown(stated),
            shown(counted)
        ));
    }
    for totals in &report.totals {
        print(format_args!(
            "stated {}, booked {}, discrepancy {}, fees {}",
            totals.stated, totals.booked, totals.discrepancy, totals.fees
        ));
    }
}
