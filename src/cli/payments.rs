//! Commands that show transactions, and reconcile them with a provider's statement.

use std::{error::Error, fs, path::Path, process::ExitCode};

use baitech::{
    Marketplace,
    kernel::{Actor, PageRequest},
    payment::{
        ReconcileRequest, ReconciliationFindings, ReconciliationPhase, ReconciliationProgress,
        ReconciliationView, RefusedLine, reconcile::SummaryRow,
    },
    store::Stored,
    transaction::{MismatchKind, PaymentMethod, PersonTask, Transaction, TransactionFilter},
};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use indicatif::{ProgressBar, ProgressStyle};
use rust_decimal::Decimal;

use super::{books::align_right, print};

/// Lists the newest transactions, or all that await a decision of staff.
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
        print(if only_flagged { "no transaction waits for staff" } else { "there are no transactions" });
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

/// Every transaction that awaits a decision of staff, the newest first.
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
        _ => "other reason",
    }
}

/// Exits with 1 if the statement and the ledger differ. Runs the job itself, concurrently with any worker; if
/// it is interrupted, a worker continues it.
pub(super) async fn reconcile(
    market: &Marketplace,
    method: PaymentMethod,
    file: &Path,
    as_json: bool,
) -> Result<ExitCode, Box<dyn Error>> {
    let statement = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let request = ReconcileRequest { method, format: None, period: None };
    let payments = market.payments();
    let mut job = payments.reconcile(&Actor::System, &request, &statement).await?;
    // Drawn on the standard error if that is a terminal.
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:40} {pos}/{len}")?);
    while !job.is_done() {
        let ReconciliationProgress { phase, done, total } = job.progress;
        bar.set_message(match phase {
            ReconciliationPhase::Transfers => "completing transfers",
            ReconciliationPhase::Reversals => "booking reversals",
            ReconciliationPhase::Comparison => "comparing",
            ReconciliationPhase::Marks => "marking",
        });
        bar.set_length(total);
        bar.set_position(done);
        job = payments.advance_reconciliation(&Actor::System, job.id).await?;
    }
    bar.finish_and_clear();
    let view = payments.reconciliation(&Actor::System, job.id).await?;
    if as_json {
        print(serde_json::to_string_pretty(&view)?);
    } else {
        show(&view);
    }
    Ok(if job.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(view: &ReconciliationView) {
    let ReconciliationView { id, counts, rows, refused, contradictions, findings, .. } = view;
    if let Some(findings) = findings {
        print(table_of(findings));
    }
    print(format_args!(
        "{} matched, {} differ, {} missing in the ledger, {} missing in the statement",
        counts.matched, counts.amount_differs, counts.missing_here, counts.missing_there
    ));
    print(format_args!(
        "{} transfers completed, {} reversals posted, {} lines refused, {} transactions newly marked",
        counts.transfers_completed, counts.reversals_taken, counts.refused, counts.marked
    ));
    print(format_args!(
        "{} rows: {} movements, {} charges, {} not completed, {} without an amount, {} totals",
        rows.read, rows.lines, rows.charges, rows.not_completed, rows.without_amount, rows.summaries
    ));
    for RefusedLine { line, transaction, reason } in refused {
        print(format_args!("line {line}: refused for transaction {transaction}: {reason}"));
    }
    for SummaryRow { line, label, stated, counted } in contradictions {
        let shown =
            |amount: &Option<_>| amount.map_or("nothing".to_owned(), |amount: Decimal| amount.to_string());
        print(format_args!(
            "line {line}: {label} states {}, but the rows above it sum to {}",
            shown(stated),
            shown(counted)
        ));
    }
    for totals in findings.iter().flat_map(|findings| &findings.totals) {
        print(format_args!(
            "stated {}, booked {}, discrepancy {}, fees {}",
            totals.stated, totals.booked, totals.discrepancy, totals.fees
        ));
    }
    print(format_args!("reconciliation {id}"));
}

/// The first findings of each kind.
fn table_of(findings: &ReconciliationFindings) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["", "transaction", "statement", "booked", "stated", "discrepancy"]);
    for differs in &findings.amount_differs {
        let references: Vec<_> = differs.lines.iter().map(|line| line.reference.as_str()).collect();
        table.add_row([
            "differs".to_owned(),
            differs.movement.number.to_string(),
            references.join(", "),
            differs.booked.to_string(),
            differs.stated.to_string(),
            differs.discrepancy.to_string(),
        ]);
    }
    for missing in &findings.missing_here {
        let (line, amount) = (&missing.line, missing.line.amount.to_string());
        let what = "missing in the ledger".to_owned();
        let (reference, discrepancy) = (line.reference.clone(), missing.discrepancy.to_string());
        table.add_row([what, String::new(), reference, String::new(), amount, discrepancy]);
    }
    for missing in &findings.missing_there {
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
    for column in 3..6 {
        align_right(&mut table, column);
    }
    table
}
