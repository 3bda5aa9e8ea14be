//! The stored form of a reconciliation.

use baitech_core::account::User;
use baitech_core::kernel::{Actor, Id, Role};
use baitech_core::payment::reconcile::{StatementPeriod, SummaryRow};
use baitech_core::transaction::PaymentMethod;
use baitech_core::{
    payment::{
        Reconciliation, ReconciliationCounts, ReconciliationPart, ReconciliationParts,
        ReconciliationProgress, ReconciliationRecord, ReconciliationRows, ReconciliationStatus, RefusedLine,
        StatementPreset,
    },
    transaction::Transaction,
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::{FromInto, serde_as, skip_serializing_none};

use crate::value::{Millis, Number128, Oid, Whole, stored_form};

/// One document of `reconciliations`.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(remote = "ReconciliationRecord", rename_all = "camelCase")]
pub(super) struct StoredReconciliation {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<Reconciliation>,
    #[serde_as(as = "FromInto<Submitter>")]
    submitted_by: Actor,
    method: PaymentMethod,
    format: StatementPreset,
    #[serde_as(as = "Option<Period>")]
    period: Option<StatementPeriod>,
    rows: ReconciliationRows,
    #[serde_as(as = "Vec<Contradiction>")]
    contradictions: Vec<SummaryRow>,
    takes_reversals: bool,
    status: ReconciliationStatus,
    progress: ReconciliationProgress,
    counts: ReconciliationCounts,
    #[serde_as(as = "Vec<Refused>")]
    refused: Vec<RefusedLine>,
    #[serde_as(as = "Parts")]
    parts: ReconciliationParts,
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

stored_form!(StoredReconciliation of ReconciliationRecord);
stored_form!(Period of StatementPeriod);
stored_form!(Contradiction of SummaryRow);
stored_form!(Refused of RefusedLine);
stored_form!(Parts of ReconciliationParts);

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
#[serde(remote = "StatementPeriod")]
struct Period {
    #[serde_as(as = "Millis")]
    from: DateTime<Utc>,
    #[serde_as(as = "Millis")]
    until: DateTime<Utc>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(remote = "SummaryRow")]
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
#[serde(remote = "RefusedLine")]
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
#[serde(remote = "ReconciliationParts")]
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
