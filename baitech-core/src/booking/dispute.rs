use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::BookingStatus;
use crate::{
    account::{Image, User},
    kernel::{ElementId, Id, Money, Text},
};

/// What a dispute is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DisputeCategory {
    Quality,
    Price,
    Damage,
    NotDone,
    Conduct,
    Payment,
    #[default]
    Other,
}

/// How far a dispute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// Raised.
    #[default]
    Open,
    /// Staff is looking into it.
    Investigating,
    /// Staff has decided.
    Resolved,
    /// Nothing is left to do.
    Closed,
}

/// What one side brings forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// Who.
    pub submitted_by: Id<User>,
    /// When.
    pub submitted_at: DateTime<Utc>,
    /// In words.
    pub text: Text<1000>,
    /// In pictures, at most five.
    pub images: Vec<Image>,
}

/// What staff decides. All of its money moves in the commit of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "amount")]
pub enum DisputeOutcome {
    /// All the money goes back.
    FullRefund,
    /// This much goes back, above zero and below the total; the rest is the technician's and the platform's.
    PartialRefund(Money),
    /// Nothing goes back: the work counts as done.
    Release,
}

/// A decision and its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    /// What was decided.
    #[serde(flatten)]
    pub outcome: DisputeOutcome,
    /// By whom.
    pub resolved_by: Id<User>,
    /// When.
    pub resolved_at: DateTime<Utc>,
    /// Why.
    pub notes: Text<1000>,
}

/// A contested booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dispute {
    /// By whom.
    pub raised_by: Id<User>,
    /// When.
    pub raised_at: DateTime<Utc>,
    /// The status it was raised from; unknown in bookings of the earlier application.
    pub raised_from: Option<BookingStatus>,
    /// What is wrong, in words.
    pub reason: Text<1000>,
    /// What it is about.
    pub category: DisputeCategory,
    /// How far it is.
    pub status: DisputeStatus,
    /// When it was flagged as taking too long.
    pub escalated_at: Option<DateTime<Utc>>,
    /// What both sides bring forward.
    pub evidence: Vec<Evidence>,
    /// What was decided.
    pub resolution: Option<Resolution>,
}
