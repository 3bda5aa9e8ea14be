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

/// The state of a reconciliation job, as staff see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationState {
    /// The job waits for a worker.
    Queued,
    /// Workers run the job, batch by batch.
    Running,
    /// The job is done.
    Done,
    /// The job cannot continue. It is set aside until an admin retries it
    /// ([`Operations`](crate::Operations)). Committed batches stay committed, and a retry continues after
    /// them.
    Failed,
}

/// Why a job cannot continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationFailure {
    /// When the job was set aside.
    pub at: DateTime<Utc>,
    /// The number of attempts at the batch that failed.
    pub attempts: u32,
    /// The reason. Only admins see it, because it may contain stored data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A reconciliation job, as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationView {
    /// The id of the job.
    pub id: Id<Reconciliation>,
    /// The version of the job. Each write increases it.
    pub version: Version,
    /// The state.
    pub state: ReconciliationState,
    /// The user who submitted the statement; `None` if the system submitted it.
    pub submitted_by: Option<Id<User>>,
    /// The payment method whose provider issued the statement.
    pub method: PaymentMethod,
    /// The format of the statement.
    pub format: StatementPreset,
    /// The period that the statement covers, if known.
    pub period: Option<StatementPeriod>,
    /// The number of rows in the file, by kind.
    pub rows: ReconciliationRows,
    /// The progress within the current phase.
    pub progress: ReconciliationProgress,
    /// Counts of the findings and of the completed work. They are complete once the job is done.
    pub counts: ReconciliationCounts,
    /// The first lines of the statement that a rule refused. Empty in lists.
    pub refused: Vec<RefusedLine>,
    /// The first totals in the file that differ from the sum of the rows above them. Empty in lists.
    pub contradictions: Vec<SummaryRow>,
    /// The first findings of each kind. `None` before the comparison, after the findings have expired, and in
    /// lists.
    pub findings: Option<ReconciliationFindings>,
    /// Why the job cannot continue; `None` unless it failed.
    pub failure: Option<ReconciliationFailure>,
    /// When the statement was submitted.
    pub submitted_at: DateTime<Utc>,
    /// When the first batch was committed.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last batch was committed.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the job was last written.
    pub updated_at: DateTime<Utc>,
}

impl ReconciliationView {
    /// Builds the view of a job. The job has failed if `aside` is given. The view contains the reason only if
    /// `shows_reason` is true.
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

    /// Removes the fields that lists omit.
    pub(crate) fn in_list(self) -> Self {
        Self { refused: Vec::new(), contradictions: Vec::new(), findings: None, ..self }
    }
}
