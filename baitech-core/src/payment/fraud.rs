//! How far a payment looks like a fraud: explained rules, each with its points.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{Currency, Id, Violations},
};

/// What follows from a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FraudDecision {
    /// The payment goes its way.
    Approve,
    /// The money is held until a person has looked at it.
    Review,
    /// There is no payment.
    Block,
}

/// One rule that a payment met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudReason {
    /// The rule: `velocity`, `unusual_amount`.
    pub rule: String,
    /// What it adds to the score.
    pub points: u8,
    /// Why it was met, in words.
    pub explanation: String,
}

/// How far a payment looks like a fraud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudCheck {
    /// 0 to 100.
    pub score: u8,
    /// What follows.
    pub decision: FraudDecision,
    /// Every rule that was met.
    pub reasons: Vec<FraudReason>,
    /// When it was scored.
    pub checked_at: DateTime<Utc>,
    /// Who looked at it, when, and whether it may go its way.
    pub review: Option<FraudReview>,
}

impl FraudCheck {
    /// Whether a person still has to look at it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.decision == FraudDecision::Review && self.review.is_none()
    }
}

/// A person's word on a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudReview {
    /// Whether it may go its way.
    pub approved: bool,
    /// Who says so.
    pub reviewed_by: Id<User>,
    /// When.
    pub reviewed_at: DateTime<Utc>,
}

/// What a score is made from: only what was known before the payment.
#[derive(Debug, Clone, PartialEq)]
pub struct FraudSignals {
    /// How much, in whole units of the currency.
    pub amount: rust_decimal::Decimal,
    /// How old the account is, in whole days.
    pub account_age_days: i64,
    /// Payments begun by this payer within the last hour, this one not counted.
    pub attempts_last_hour: u32,
    /// Payments of this payer that failed within the last day.
    pub failures_last_day: u32,
    /// What this payer usually pays: the mean of the settled payments of the last 90 days; `None` without
    /// any.
    pub usual_amount: Option<rust_decimal::Decimal>,
    /// Other payers who paid from the same address or device within the last 30 days.
    pub payers_sharing_origin: u32,
    /// Kilometres between where the payment is asked for and where the payer lives; `None` where one of them
    /// is not known.
    pub distance_from_home_km: Option<f64>,
}

/// Scores payments. The default is [`RuleFraudScorer`](super::RuleFraudScorer); an embedder may bring a model
/// of their own.
pub trait FraudScorer: Send + Sync + fmt::Debug {
    /// The score and the reasons for it.
    fn score(&self, signals: &FraudSignals, now: DateTime<Utc>) -> FraudCheck;

    /// What speaks against using the scorer in an engine of this currency; nothing by default.
    fn violations(&self, currency: Currency) -> Violations {
        let _ = currency;
        Violations::new()
    }
}
