use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Reconciliation, ReconciliationCounts, ReconciliationFindings, ReconciliationProgress,
    ReconciliationRecord, ReconciliationRows, ReconciliationStatus, RefusedLine,
};
use crate::{
    account::User,
    kernel::Id,
    payment::{
        StatementPreset,
        reconcile::{StatementPeriod, SummaryRow},
    },
    store::{SetAsideItem, Stored, Version},
    transaction::PaymentMethod,
};

/// The state of a job, as staff see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationState {
    /// It waits for a worker.
    Queued,
    /// Workers run it, batch by batch.
    Running,
    /// It is done.
    Done,
    /// It cannot continue and is set aside until an admin retries it ([`Operations`](crate::Operations)).
    /// Committed batches stay, and a retry continues after them.
    Failed,
}

/// Why a job cannot continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationFailure {
    /// When it was set aside.
    pub at: DateTime<Utc>,
    /// The number of attempts at the last batch.
    pub attempts: u32,
    /// The reason, for admins only, since it may show stored data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A job, as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationView {
    /// Its id.
    pub id: Id<Reconciliation>,
    /// The number of times it was written.
    pub version: Version,
    /// The state.
    pub state: ReconciliationState,
    /// Who submitted the statement; `None` for the platform itself.
    pub submitted_by: Option<Id<User>>,
    /// The method whose provider wrote the statement.
    pub method: PaymentMethod,
    /// The format of the statement.
    pub format: StatementPreset,
    /// The period that it covers, where that is known.
    pub period: Option<StatementPeriod>,
    /// The rows of the file.
    pub rows: ReconciliationRows,
    /// The progress within its phase.
    pub progress: ReconciliationProgress,
    /// Counts of what it has found and done; complete once it is done.
    pub counts: ReconciliationCounts,
    /// The first lines that a rule refused. Empty in lists.
    pub refused: Vec<RefusedLine>,
    /// The first totals of the file that contradict its rows. Empty in lists.
    pub contradictions: Vec<SummaryRow>,
    /// The first findings of each kind, from the comparison until they expire. `None` in lists.
    pub findings: Option<ReconciliationFindings>,
    /// Why it cannot continue.
    pub failure: Option<ReconciliationFailure>,
    /// When the statement was submitted.
    pub submitted_at: DateTime<Utc>,
    /// When the first batch was committed.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last batch was committed.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl ReconciliationView {
    /// A job with related data: whether it is set aside, and whether the reader may know why.
    pub(crate) fn new(
        job: Stored<Reconciliation>,
        aside: Option<SetAsideItem>,
        shows_reason: bool,
        findings: Option<ReconciliationFindings>,
    ) -> Self {
        let version = job.version;
        let failure = aside.map(|item| ReconciliationFailure {
            at: item.set_aside_at,
            attempts: item.attempts,
            reason: Some(item.reason).filter(|_| shows_reason),
        });
        let ReconciliationRecord {
            id,
            submitted_by,
            method,
            format,
            period,
            rows,
            contradictions,
            takes_reversals: _,
            status,
            progress,
            counts,
            refused,
            parts: _,
            next_at: _,
            submitted_at,
            started_at,
            finished_at,
            updated_at,
        } = job.value.into_record();
        let state = match status {
            _ if failure.is_some() => ReconciliationState::Failed,
            ReconciliationStatus::Queued => ReconciliationState::Queued,
            ReconciliationStatus::Running => ReconciliationState::Running,
            ReconciliationStatus::Done => ReconciliationState::Done,
        };
        Self {
            id,
            version,
            state,
            submitted_by: submitted_by.id(),
            method,
            format,
            period,
            rows,
            progress,
            counts,
            refused,
            contradictions,
            findings,
            failure,
            submitted_at,
            started_at,
            finished_at,
            updated_at,
        }
    }

    /// Without the fields that lists omit.
    pub(crate) fn in_list(self) -> Self {
        Self { refused: Vec::new(), contradictions: Vec::new(), findings: None, ..self }
    }
}
