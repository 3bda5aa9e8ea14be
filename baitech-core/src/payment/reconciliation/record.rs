use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Reconciliation, ReconciliationPart};
use crate::{
    kernel::{Actor, Id, named},
    payment::{
        StatementPreset,
        reconcile::{RowAccount, SkippedRows, StatementPeriod, SummaryRow},
    },
    transaction::{PaymentMethod, Transaction},
};

named! {
    /// The status of a job.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum ReconciliationStatus {
        /// No batch is committed yet.
        Queued = "queued",
        /// At least one batch is committed.
        Running = "running",
        /// Every batch is committed.
        Done = "done",
    }
}

named! {
    /// The phases of a job, in this order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum ReconciliationPhase {
        /// Completes bank transfers that the statement shows, line by line. Only for a bank's statement.
        Transfers = "transfers",
        /// Books reversals that the provider made without our order, or leaves them to staff. Only for a
        /// provider that does not sign its calls.
        Reversals = "reversals",
        /// Compares the lines with the books.
        Comparison = "comparison",
        /// Marks transactions that both have, and books the provider's fees.
        Marks = "marks",
    }
}

/// The progress of a job within a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationProgress {
    /// The phase.
    pub phase: ReconciliationPhase,
    /// The number of items of the phase already handled: lines, reversals, transactions to mark.
    pub done: u64,
    /// The number of items of the phase.
    pub total: u64,
}

/// Counts of what a job has found and done. Lists of findings are bounded, but these counts include all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationCounts {
    /// Bank transfers that this job completed.
    pub transfers_completed: u64,
    /// Reversals that this job booked or left to staff.
    pub reversals_taken: u64,
    /// Lines whose transfer or reversal a rule refused.
    pub refused: u64,
    /// Movements with the same amount in statement and books.
    pub matched: u64,
    /// Movements that both have, with different amounts.
    pub amount_differs: u64,
    /// Lines that the books do not have.
    pub missing_here: u64,
    /// Movements of the period that the statement does not have.
    pub missing_there: u64,
    /// Unstated movements outside the period, which are expected to be unstated.
    pub outside_period: u64,
    /// Transactions that this job marked, without those that an earlier job had marked.
    pub marked: u64,
}

/// Counts the rows of the file, by kind: `read` is the sum of the others without `contradictions`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationRows {
    /// Rows other than blank lines.
    pub read: u64,
    /// Movements of money.
    pub lines: u64,
    /// Fees of other rows.
    pub charges: u64,
    /// Rows whose status says that they were not completed.
    pub not_completed: u64,
    /// Rows without an amount, or with zero.
    pub without_amount: u64,
    /// Totals of other rows …
    pub summaries: u64,
    /// … of which this many contradict the rows above them.
    pub contradictions: u64,
}

impl From<&RowAccount> for ReconciliationRows {
    fn from(account: &RowAccount) -> Self {
        let RowAccount { read, lines, charges, skipped, summaries } = account;
        let SkippedRows { not_completed, without_amount } = *skipped;
        let contradictions = summaries.iter().filter(|summary| summary.differs()).count() as u64;
        Self {
            read: *read,
            lines: *lines,
            charges: *charges,
            not_completed,
            without_amount,
            summaries: summaries.len() as u64,
            contradictions,
        }
    }
}

/// A line whose transfer or reversal a rule refused. Nothing of it is booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedLine {
    /// The line of the file, from 1.
    pub line: u64,
    /// The transaction that the line is about.
    pub transaction: Id<Transaction>,
    /// The rule's message.
    pub reason: String,
}

/// The ids of the large parts of a job, each list in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReconciliationParts {
    /// The lines of the statement, [`Reconciliation::ITEMS_PER_PART`] per part.
    pub statement: Vec<Id<ReconciliationPart>>,
    /// The lines that may be reversals; `None` until they are searched for.
    pub reversals: Option<Vec<Id<ReconciliationPart>>>,
    /// The transactions to mark.
    pub marks: Vec<Id<ReconciliationPart>>,
    /// The findings, once lines and books were compared.
    pub findings: Option<Id<ReconciliationPart>>,
}

/// Everything that a store keeps of a job, except its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationRecord {
    /// Its id.
    pub id: Id<Reconciliation>,
    /// Who submitted the statement. Transactions that this person pays or is paid by are left to others.
    pub submitted_by: Actor,
    /// The method whose provider wrote the statement.
    pub method: PaymentMethod,
    /// The format of the statement.
    pub format: StatementPreset,
    /// The period that it covers, where that is known.
    pub period: Option<StatementPeriod>,
    /// Its rows.
    pub rows: ReconciliationRows,
    /// The first totals of the file that contradict its rows: [`Reconciliation::MAX_CONTRADICTIONS`] at most.
    pub contradictions: Vec<SummaryRow>,
    /// Whether reversals are searched for, because the provider reports them nowhere else.
    pub takes_reversals: bool,
    /// The status.
    pub status: ReconciliationStatus,
    /// The progress within its phase. The next batch begins at `done`.
    pub progress: ReconciliationProgress,
    /// Counts of what it has found and done.
    pub counts: ReconciliationCounts,
    /// The first lines that a rule refused: [`Reconciliation::MAX_REFUSED`] at most.
    pub refused: Vec<RefusedLine>,
    /// The ids of its large parts.
    pub parts: ReconciliationParts,
    /// When the next batch is due; `None` once it is done.
    pub next_at: Option<DateTime<Utc>>,
    /// When the statement was submitted.
    pub submitted_at: DateTime<Utc>,
    /// When the first batch was committed.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last batch was committed.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}
