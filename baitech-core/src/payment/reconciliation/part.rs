use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Reconciliation, ReconciliationCounts};
use crate::{
    kernel::{Id, Money, MoneyError},
    payment::reconcile::{
        BookedMovement, ComparedMovement, CurrencyTotals, MissingHere, MissingThere, ReconciliationReport,
        StatementLine,
    },
    transaction::Transaction,
};

/// A large part of a job: written once, before the job refers to it, and deleted after it expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationPart {
    /// Its id.
    pub id: Id<Self>,
    /// When a store may delete it, whether or not a job refers to it.
    pub expires_at: DateTime<Utc>,
    /// Its content.
    pub content: ReconciliationContent,
}

/// The content of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "items", rename_all = "snake_case")]
pub enum ReconciliationContent {
    /// Lines of the statement.
    Lines(Vec<StatementLine>),
    /// Lines that may be reversals.
    Reversals(Vec<PendingReversal>),
    /// Transactions to mark.
    Marks(Vec<PendingMark>),
    /// The findings.
    Findings(Box<ReconciliationFindings>),
}

/// A line that may be a reversal, and the transaction that it would reverse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingReversal {
    /// The line of the file, from 1.
    pub line: u64,
    /// The transaction.
    pub transaction: Id<Transaction>,
    /// The name under which the reversal is booked, once.
    pub name: String,
    /// The amount returned, above zero.
    pub amount: Money,
}

/// A transaction that the statement has too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingMark {
    /// The transaction.
    pub transaction: Id<Transaction>,
    /// The provider's reference of the movement.
    pub reference: String,
    /// The stated amount minus the booked amount.
    pub discrepancy: Money,
    /// The provider's fee.
    pub fee: Money,
}

/// A movement with different amounts in statement and books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AmountDifference {
    /// The movement.
    pub movement: BookedMovement,
    /// The first lines that state it: [`MAX_LINES`](Self::MAX_LINES) at most.
    pub lines: Vec<StatementLine>,
    /// The number of lines that state it.
    pub line_count: u64,
    /// The booked amount.
    pub booked: Money,
    /// The total of the lines.
    pub stated: Money,
    /// The stated amount minus the booked amount.
    pub discrepancy: Money,
}

impl AmountDifference {
    /// The maximum number of lines kept; all are counted.
    pub const MAX_LINES: usize = 20;
}

/// The findings of a job: the first of each kind, at most [`Reconciliation::MAX_FINDINGS`]. The job counts
/// all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationFindings {
    /// Both have it, with different amounts.
    pub amount_differs: Vec<AmountDifference>,
    /// Only the statement has it.
    pub missing_here: Vec<MissingHere>,
    /// Only our books have it, and the statement should.
    pub missing_there: Vec<MissingThere>,
    /// The totals of all movements and lines, one per currency.
    pub totals: Vec<CurrencyTotals>,
}

/// The maximum size of the findings of one kind as JSON, in bytes. MongoDB limits a document to 16 MB.
const MAX_LIST_BYTES: usize = 2 * 1024 * 1024;

/// The transactions of a report to mark, in the order of the report.
pub(crate) fn marks_of(report: &ReconciliationReport) -> Result<Vec<PendingMark>, MoneyError> {
    let compared = report.matched.iter().chain(&report.amount_differs);
    let marks = compared.filter_map(|compared| {
        let first = compared.lines.first()?;
        let currency = compared.booked.currency();
        let fees = compared.lines.iter().filter_map(|line| line.fee);
        let fee = Money::sum(currency, fees.filter(|fee| fee.currency() == currency));
        Some(fee.map(|fee| PendingMark {
            transaction: compared.movement.transaction,
            reference: first.reference.clone(),
            discrepancy: compared.discrepancy,
            fee,
        }))
    });
    marks.collect()
}

/// The findings of a report to keep, and the counts of all.
pub(crate) fn bounded_findings(
    report: ReconciliationReport,
) -> (ReconciliationFindings, ReconciliationCounts) {
    let ReconciliationReport {
        period: _,
        matched,
        amount_differs,
        missing_here,
        missing_there,
        outside_period,
        totals,
        rows: _,
    } = report;
    let counts = ReconciliationCounts {
        matched: matched.len() as u64,
        amount_differs: amount_differs.len() as u64,
        missing_here: missing_here.len() as u64,
        missing_there: missing_there.len() as u64,
        outside_period,
        ..ReconciliationCounts::default()
    };
    let findings = ReconciliationFindings {
        amount_differs: bounded(amount_differs.into_iter().map(difference)),
        missing_here: bounded(missing_here),
        missing_there: bounded(missing_there),
        totals,
    };
    (findings, counts)
}

fn difference(compared: ComparedMovement) -> AmountDifference {
    let ComparedMovement { movement, mut lines, booked, stated, discrepancy } = compared;
    let line_count = lines.len() as u64;
    lines.truncate(AmountDifference::MAX_LINES);
    AmountDifference { movement, lines, line_count, booked, stated, discrepancy }
}

fn bounded<T: Serialize>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut left = MAX_LIST_BYTES;
    let fits = |item: &T| {
        let bytes = serde_json::to_vec(item).map_or(usize::MAX, |json| json.len());
        left.checked_sub(bytes).is_some_and(|rest| {
            left = rest;
            true
        })
    };
    items.into_iter().take(Reconciliation::MAX_FINDINGS).take_while(fits).collect()
}
