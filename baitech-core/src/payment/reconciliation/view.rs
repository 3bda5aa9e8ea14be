use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Reconciliation, ReconciliationCounts, ReconciliationFindings, ReconciliationProgress,
    ReconciliationRecord, ReconciliationRows, ReconciliationStatus, RefusedLine,
};
use crate::{
    account::User,
    booking::PaymentMethod,
    kernel::Id,
    payment::{
        StatementPreset,
        reconcile::{StatementPeriod, SummaryRow},
    },
    store::{SetAsideItem, Stored, Version},
};

/// How far a job is, as staff sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationState {
    /// It waits for a worker.
    Queued,
    /// A worker does it, batch by batch.
    Running,
    /// It is done.
    Done,
    /// It cannot go on: it is set aside until an admin has it attempted again
    /// ([`Operations`](crate::Operations)). What is committed stays, and another attempt goes on from there.
    Failed,
}

/// Why a job does not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationFailure {
    /// When it was set aside.
    pub at: DateTime<Utc>,
    /// How many attempts were made at the last batch.
    pub attempts: u32,
    /// Why, for admins only: it may show what is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A job as staff sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationView {
    /// Its id.
    pub id: Id<Reconciliation>,
    /// How often it was written.
    pub version: Version,
    /// How far it is.
    pub state: ReconciliationState,
    /// Who has handed the statement in; `None` for the platform itself.
    pub submitted_by: Option<Id<User>>,
    /// The method whose provider wrote the statement.
    pub method: PaymentMethod,
    /// How the statement is written.
    pub format: StatementPreset,
    /// The time that it covers, where that is known.
    pub period: Option<StatementPeriod>,
    /// The rows of the file.
    pub rows: ReconciliationRows,
    /// How far it is within its phase.
    pub progress: ReconciliationProgress,
    /// What it has found and done; complete once it is done.
    pub counts: ReconciliationCounts,
    /// The first lines that a rule refused. Empty in lists.
    pub refused: Vec<RefusedLine>,
    /// The first totals of the file that contradict its rows. Empty in lists.
    pub contradictions: Vec<SummaryRow>,
    /// The first findings of each kind, once lines and books are compared and until they expire. `None` in
    /// lists.
    pub findings: Option<ReconciliationFindings>,
    /// Why it does not go on.
    pub failure: Option<ReconciliationFailure>,
    /// When the statement was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When the first batch was committed.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last one was.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl ReconciliationView {
    /// A job with what is known of it elsewhere: that it is set aside, and whether the reader may know why.
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

    /// Without what lists leave out.
    pub(crate) fn in_list(self) -> Self {
        Self { refused: Vec::new(), contradictions: Vec::new(), findings: None, ..self }
    }
}
