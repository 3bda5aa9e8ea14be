//! The stored form of a reconciliation.

use baitech_core::account::User;
use baitech_core::booking::PaymentMethod;
use baitech_core::kernel::{Actor, Id, Role};
use baitech_core::payment::reconcile::{StatementPeriod, SummaryRow};
use baitech_core::payment::{
    Reconciliation, ReconciliationCounts, ReconciliationPart, ReconciliationParts, ReconciliationProgress,
    ReconciliationRecord, ReconciliationRows, ReconciliationStatus, RefusedLine, StatementPreset,
    Transaction,
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::{serde_as, skip_serializing_none};

use crate::value::{Millis, Number128, Oid, Whole};

/// One document of `reconciliations`.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReconciliationDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<Reconciliation>,
    submitted_by: Submitter,
    method: PaymentMethod,
    format: StatementPreset,
    period: Option<Period>,
    rows: ReconciliationRows,
    contradictions: Vec<Contradiction>,
    takes_reversals: bool,
    status: ReconciliationStatus,
    progress: ReconciliationProgress,
    counts: ReconciliationCounts,
    refused: Vec<Refused>,
    parts: Parts,
    #[serde_as(as = "Option<Millis>")]
    next_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Millis")]
    submitted_at: DateTime<Utc>,
    #[serde_as(as = "Option<Millis>")]
    started_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    finished_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Millis")]
    updated_at: DateTime<Utc>,
}

/// Without an id and a role it is the system or an anonymous caller.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct Submitter {
    #[serde_as(as = "Option<Oid>")]
    id: Option<Id<User>>,
    role: Option<Role>,
    /// `true` for an anonymous caller.
    anonymous: bool,
}

#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct Period {
    #[serde_as(as = "Millis")]
    from: DateTime<Utc>,
    #[serde_as(as = "Millis")]
    until: DateTime<Utc>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct Contradiction {
    #[serde_as(as = "Whole")]
    line: u64,
    label: String,
    #[serde_as(as = "Option<Number128>")]
    stated: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    counted: Option<Decimal>,
}

#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct Refused {
    #[serde_as(as = "Whole")]
    line: u64,
    #[serde_as(as = "Oid")]
    transaction: Id<Transaction>,
    reason: String,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct Parts {
    #[serde_as(as = "Vec<Oid>")]
    statement: Vec<Id<ReconciliationPart>>,
    #[serde_as(as = "Option<Vec<Oid>>")]
    reversals: Option<Vec<Id<ReconciliationPart>>>,
    #[serde_as(as = "Vec<Oid>")]
    marks: Vec<Id<ReconciliationPart>>,
    #[serde_as(as = "Option<Oid>")]
    findings: Option<Id<ReconciliationPart>>,
}

impl From<Actor> for Submitter {
    fn from(actor: Actor) -> Self {
        match actor {
            Actor::System => Self { id: None, role: None, anonymous: false },
            Actor::Anonymous => Self { id: None, role: None, anonymous: true },
            Actor::User { id, role } => Self { id: Some(id), role: Some(role), anonymous: false },
        }
    }
}

impl From<Submitter> for Actor {
    fn from(submitter: Submitter) -> Self {
        match submitter {
            Submitter { id: Some(id), role: Some(role), anonymous: _ } => Self::user(id, role),
            Submitter { anonymous: true, .. } => Self::Anonymous,
            Submitter { .. } => Self::System,
        }
    }
}

impl From<Reconciliation> for ReconciliationDocument {
    fn from(job: Reconciliation) -> Self {
        let ReconciliationRecord {
            id,
            submitted_by,
            method,
            format,
            period,
            rows,
            contradictions,
            takes_reversals,
            status,
            progress,
            counts,
            refused,
            parts: ReconciliationParts { statement, reversals, marks, findings },
            next_at,
            submitted_at,
            started_at,
            finished_at,
            updated_at,
        } = job.into_record();
        let contradiction =
            |SummaryRow { line, label, stated, counted }| Contradiction { line, label, stated, counted };
        let refusal = |RefusedLine { line, transaction, reason }| Refused { line, transaction, reason };
        Self {
            id,
            submitted_by: submitted_by.into(),
            method,
            format,
            period: period.map(|StatementPeriod { from, until }| Period { from, until }),
            rows,
            contradictions: contradictions.into_iter().map(contradiction).collect(),
            takes_reversals,
            status,
            progress,
            counts,
            refused: refused.into_iter().map(refusal).collect(),
            parts: Parts { statement, reversals, marks, findings },
            next_at,
            submitted_at,
            started_at,
            finished_at,
            updated_at,
        }
    }
}

impl ReconciliationDocument {
    pub(super) fn into_reconciliation(self) -> Reconciliation {
        let Self {
            id,
            submitted_by,
            method,
            format,
            period,
            rows,
            contradictions,
            takes_reversals,
            status,
            progress,
            counts,
            refused,
            parts: Parts { statement, reversals, marks, findings },
            next_at,
            submitted_at,
            started_at,
            finished_at,
            updated_at,
        } = self;
        let contradiction =
            |Contradiction { line, label, stated, counted }| SummaryRow { line, label, stated, counted };
        let refusal = |Refused { line, transaction, reason }| RefusedLine { line, transaction, reason };
        Reconciliation::from_record(ReconciliationRecord {
            id,
            submitted_by: submitted_by.into(),
            method,
            format,
            period: period.map(|Period { from, until }| StatementPeriod { from, until }),
            rows,
            contradictions: contradictions.into_iter().map(contradiction).collect(),
            takes_reversals,
            status,
            progress,
            counts,
            refused: refused.into_iter().map(refusal).collect(),
            parts: ReconciliationParts { statement, reversals, marks, findings },
            next_at,
            submitted_at,
            started_at,
            finished_at,
            updated_at,
        })
    }
}
