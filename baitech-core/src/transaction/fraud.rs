//! Fraud checks of payments: rules with points and explanations.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{Currency, Id, Violations},
};

/// What a score leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FraudDecision {
    /// The payment proceeds.
    Approve,
    /// The money is held until a person has reviewed the payment.
    Review,
    /// The payment is refused.
    Block,
}

/// A rule that matched a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudReason {
    /// The rule: `velocity`, `unusual_amount`.
    pub rule: String,
    /// The points that it adds to the score.
    pub points: u8,
    /// The explanation, in words.
    pub explanation: String,
}

/// The fraud check of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudCheck {
    /// The score, 0 to 100.
    pub score: u8,
    /// The decision.
    pub decision: FraudDecision,
    /// Every rule that matched.
    pub reasons: Vec<FraudReason>,
    /// When it was scored.
    pub checked_at: DateTime<Utc>,
    /// The manual review, if there was one.
    pub review: Option<FraudReview>,
}

impl FraudCheck {
    /// Whether manual review is pending.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.decision == FraudDecision::Review && self.review.is_none()
    }
}

/// The manual review of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudReview {
    /// Whether the payment may proceed.
    pub approved: bool,
    /// The reviewer.
    pub reviewed_by: Id<User>,
    /// When it was reviewed.
    pub reviewed_at: DateTime<Utc>,
}

/// The inputs of a score: only what was known before the payment.
#[derive(Debug, Clone, PartialEq)]
pub struct FraudSignals {
    /// The amount, in whole units of the currency.
    pub amount: rust_decimal::Decimal,
    /// The age of the account, in whole days.
    pub account_age_days: i64,
    /// Payments begun by this payer within the last hour, without this one.
    pub attempts_last_hour: u32,
    /// Payments of this payer that failed within the last day.
    pub failures_last_day: u32,
    /// The usual amount of this payer: the mean of the settled payments of the last 90 days; `None` without
    /// any.
    pub usual_amount: Option<rust_decimal::Decimal>,
    /// Other payers who paid from the same address or device within the last 30 days.
    pub payers_sharing_origin: u32,
    /// The distance in kilometres between the place of the request and the payer's home; `None` if one of
    /// them is unknown.
    pub distance_from_home_km: Option<f64>,
}

/// Scores payments. The default is [`RuleFraudScorer`](crate::payment::RuleFraudScorer); an embedder may
/// bring its own model.
pub trait FraudScorer: Send + Sync + fmt::Debug {
    /// The score and the reasons for it.
    fn score(&self, signals: &FraudSignals, now: DateTime<Utc>) -> FraudCheck;

    /// Why the scorer cannot be used in an engine of this currency; nothing by default.
    fn violations(&self, currency: Currency) -> Violations {
        let _ = currency;
        Violations::new()
    }
}
