use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Reconciliation, ReconciliationPart};
use crate::{
    booking::PaymentMethod,
    kernel::{Actor, Id},
    payment::{
        StatementPreset, Transaction,
        reconcile::{RowAccount, SkippedRows, StatementPeriod, SummaryRow},
    },
};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationStatus {
    /// No batch is committed yet.
    Queued,
    /// At least one batch is committed.
    Running,
    /// Every batch is committed.
    Done,
}

impl ReconciliationStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Queued, Self::Running, Self::Done];
}

/// What a job does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationPhase {
    /// Bank transfers that the statement shows are completed, line by line. Only of a bank's statement.
    Transfers,
    /// Reversals that the provider made without our order are booked or put before a person. Only of a
    /// provider that does not sign its calls.
    Reversals,
    /// The lines are compared with the books.
    Comparison,
    /// Transactions that both have are marked, and what the provider took for them is booked.
    Marks,
}

impl ReconciliationPhase {
    /// Every phase.
    pub const ALL: [Self; 4] = [Self::Transfers, Self::Reversals, Self::Comparison, Self::Marks];
}

/// How far a job is within a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationProgress {
    /// The phase.
    pub phase: ReconciliationPhase,
    /// How many items of the phase are handled: lines, reversals, transactions to mark.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// What a job has found and done. The lists of findings are bounded; these counts are of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationCounts {
    /// Bank transfers that this job completed.
    pub transfers_completed: u64,
    /// Reversals that this job booked or put before a person.
    pub reversals_taken: u64,
    /// Lines whose transfer or reversal a rule refused.
    pub refused: u64,
    /// Movements that statement and books have at one amount.
    pub matched: u64,
    /// Movements that both have, at different amounts.
    pub amount_differs: u64,
    /// Lines that the books do not have.
    pub missing_here: u64,
    /// Movements of the period that the statement does not have.
    pub missing_there: u64,
    /// Movements outside of the period that are not stated, as is right.
    pub outside_period: u64,
    /// Transactions that this job marked. Those that an earlier job had marked are not counted.
    pub marked: u64,
}

/// How many rows of the file were read as what. What was read is the sum of the others, without
/// `contradictions`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationRows {
    /// Rows that are not blank lines.
    pub read: u64,
    /// Movements of money.
    pub lines: u64,
    /// Fees of another row.
    pub charges: u64,
    /// Rows whose status says that they were not completed.
    pub not_completed: u64,
    /// Rows without an amount, or with zero.
    pub without_amount: u64,
    /// Rows that sum other rows up …
    pub summaries: u64,
    /// … of which so many contradict the rows above them.
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
    /// The transaction that it is about.
    pub transaction: Id<Transaction>,
    /// The rule's message.
    pub reason: String,
}

/// Where the large parts of a job lie, each list in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReconciliationParts {
    /// The lines of the statement, [`Reconciliation::ITEMS_PER_PART`] a part.
    pub statement: Vec<Id<ReconciliationPart>>,
    /// The lines that may be reversals; `None` as long as nobody has looked for them.
    pub reversals: Option<Vec<Id<ReconciliationPart>>>,
    /// The transactions to mark.
    pub marks: Vec<Id<ReconciliationPart>>,
    /// The findings, once lines and books are compared.
    pub findings: Option<Id<ReconciliationPart>>,
}

/// Everything that a store keeps of a job, besides its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconciliationRecord {
    /// Its id.
    pub id: Id<Reconciliation>,
    /// Who has handed the statement in. What this person pays or is paid by is left to somebody else.
    pub submitted_by: Actor,
    /// The method whose provider wrote the statement.
    pub method: PaymentMethod,
    /// How the statement is written.
    pub format: StatementPreset,
    /// The time that it covers, where that is known.
    pub period: Option<StatementPeriod>,
    /// Its rows.
    pub rows: ReconciliationRows,
    /// The first totals of the file that contradict its rows: [`Reconciliation::MAX_CONTRADICTIONS`] at most.
    pub contradictions: Vec<SummaryRow>,
    /// Whether reversals are looked for: the provider tells of them nowhere else.
    pub takes_reversals: bool,
    /// How far it is.
    pub status: ReconciliationStatus,
    /// How far it is within its phase. The next batch begins at `done`.
    pub progress: ReconciliationProgress,
    /// What it has found and done.
    pub counts: ReconciliationCounts,
    /// The first lines that a rule refused: [`Reconciliation::MAX_REFUSED`] at most.
    pub refused: Vec<RefusedLine>,
    /// Where its large parts lie.
    pub parts: ReconciliationParts,
    /// When the next batch is due; `None` once it is done.
    pub next_at: Option<DateTime<Utc>>,
    /// When the statement was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When the first batch was committed.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last one was.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}
