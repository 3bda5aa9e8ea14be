use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

use crate::kernel::{Code, Currency, Money, MoneyError, PolicyCheck, Violations};
use crate::transaction::{FraudCheck, FraudDecision, FraudReason, FraudScorer, FraudSignals};

/// The bands and limits of [`RuleFraudScorer`].
///
/// Each rule is a table of bands. Of the bands that a signal reaches, the one with the most points counts, so
/// that a stronger signal never scores lower, whatever the tables contain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FraudPolicy {
    /// By the payments begun within the last hour, without this one.
    pub velocity: Vec<FraudBand<u32>>,
    /// By the failures within the last day.
    pub failures: Vec<FraudBand<u32>>,
    /// By the ratio of the payment to the usual amount, rounded down.
    pub unusual_amount: Vec<FraudBand<u32>>,
    /// By the age of the account.
    pub new_account: Vec<FraudAgeBand>,
    /// By the number of other payers at the same address or device.
    pub shared_origin: Vec<FraudBand<u32>>,
    /// By the distance from home in kilometres.
    pub far_from_home: Vec<FraudBand<f64>>,
    /// The currency of the two amounts.
    pub currency: Currency,
    /// The usual amount assumed for a payer without a history, in whole units of the currency.
    pub assumed_usual_amount: Decimal,
    /// The minimum usual amount, in whole units of the currency: three times a tiny amount is still small.
    pub least_usual_amount: Decimal,
    /// The highest score that is approved.
    pub approve_up_to: u8,
    /// The highest score that is held for manual review. Payments with higher scores are blocked.
    pub review_up_to: u8,
}

/// The points that a signal adds from some strength on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudBand<T> {
    /// The lowest value in the band.
    pub from: T,
    /// The points that it adds.
    pub points: u8,
}

/// The points for a new account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FraudAgeBand {
    /// The age below which the band applies, in days.
    pub under_days: i64,
    /// The points that it adds.
    pub points: u8,
}

impl Default for FraudPolicy {
    /// Common events of honest payers (a first payment, a journey, a large job, a few wrong PINs, a mobile
    /// network's shared address) each score at most 30 points, and so do a new account and a shared address
    /// together. Many attempts or many failures alone lead to review; only several signals together lead to a
    /// block.
    fn default() -> Self {
        Self {
            velocity: bands([(3, 10), (5, 20), (8, 35), (12, 50)]),
            failures: bands([(3, 10), (5, 20), (10, 35)]),
            unusual_amount: bands([(3, 10), (5, 20), (10, 30)]),
            new_account: [(1, 15), (7, 10), (30, 5)]
                .map(|(under_days, points)| FraudAgeBand { under_days, points })
                .to_vec(),
            shared_origin: bands([(3, 5), (6, 10), (20, 15)]),
            far_from_home: bands([(50.0, 5), (200.0, 10), (1_000.0, 20)]),
            currency: Currency::KES,
            assumed_usual_amount: Decimal::from(10_000),
            least_usual_amount: Decimal::from(2_000),
            approve_up_to: 30,
            review_up_to: 70,
        }
    }
}

fn bands<T, const N: usize>(bands: [(T, u8); N]) -> Vec<FraudBand<T>> {
    bands.into_iter().map(|(from, points)| FraudBand { from, points }).collect()
}

impl FraudPolicy {
    /// The same policy in another currency. `rate` is the value of one unit of the present currency in the
    /// other.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn in_currency(mut self, currency: Currency, rate: Decimal) -> Result<Self, MoneyError> {
        for amount in [&mut self.assumed_usual_amount, &mut self.least_usual_amount] {
            *amount = Money::new(*amount, self.currency).convert(currency, rate)?.amount();
        }
        self.currency = currency;
        Ok(self)
    }

    fn check(&self, check: &mut PolicyCheck) {
        let money = |amount| Money::new(amount, self.currency);
        check.amount("assumedUsualAmount", money(self.assumed_usual_amount));
        check.amount("leastUsualAmount", money(self.least_usual_amount));
        let message = "must not be above reviewUpTo, which must be at most 100";
        let ordered = self.approve_up_to <= self.review_up_to && self.review_up_to <= 100;
        check.require(ordered, "approveUpTo", Code::Order, message);
    }

    /// The decision for a score.
    #[must_use]
    pub const fn decision(&self, score: u8) -> FraudDecision {
        if score <= self.approve_up_to {
            FraudDecision::Approve
        } else if score <= self.review_up_to {
            FraudDecision::Review
        } else {
            FraudDecision::Block
        }
    }
}

/// The default scorer: the sum of the points of all matching rules, capped at 100.
///
/// Invalid signals are read as the nearest valid value: a negative amount, age or distance as zero, a `NaN`
/// distance as unknown, an infinite one as the farthest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleFraudScorer(FraudPolicy);

impl RuleFraudScorer {
    /// A scorer with this policy.
    #[must_use]
    pub const fn new(policy: FraudPolicy) -> Self {
        Self(policy)
    }

    fn reasons(&self, signals: &FraudSignals) -> Vec<FraudReason> {
        let rules = [
            self.velocity(signals),
            self.failures(signals),
            self.unusual_amount(signals),
            self.new_account(signals),
            self.shared_origin(signals),
            self.far_from_home(signals),
        ];
        rules.into_iter().flatten().collect()
    }

    fn velocity(&self, signals: &FraudSignals) -> Option<FraudReason> {
        let count = signals.attempts_last_hour;
        let explanation = format!("{} begun within the last hour before this one", counted(count, "payment"));
        reason("velocity", reached(&self.0.velocity, &count), explanation)
    }

    fn failures(&self, signals: &FraudSignals) -> Option<FraudReason> {
        let count = signals.failures_last_day;
        let explanation = format!("{} of this payer failed within the last day", counted(count, "payment"));
        reason("many_failures", reached(&self.0.failures, &count), explanation)
    }

    fn unusual_amount(&self, signals: &FraudSignals) -> Option<FraudReason> {
        let usual = signals.usual_amount.filter(|usual| *usual > Decimal::ZERO);
        let base = usual.unwrap_or(self.0.assumed_usual_amount).max(self.0.least_usual_amount);
        let times = times(signals.amount, base);
        let whose = if usual.is_some() { "this payer usually pays" } else { "is usual for a first payment" };
        let (amount, shown) = (signals.amount.normalize(), base.round_dp(2).normalize());
        let explanation = format!("{amount} is at least {times} times the {shown} that {whose}");
        reason("unusual_amount", reached(&self.0.unusual_amount, &times), explanation)
    }

    fn new_account(&self, signals: &FraudSignals) -> Option<FraudReason> {
        let days = signals.account_age_days.max(0);
        let young = self.0.new_account.iter().filter(|band| days < band.under_days);
        let points = young.map(|band| band.points).max();
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        reason("new_account", points, format!("the account is {} old", counted(days, "day")))
    }

    fn shared_origin(&self, signals: &FraudSignals) -> Option<FraudReason> {
        let count = signals.payers_sharing_origin;
        let who = counted(count, "other payer");
        let explanation = format!("{who} used the same address or device within the last 30 days");
        reason("shared_origin", reached(&self.0.shared_origin, &count), explanation)
    }

    fn far_from_home(&self, signals: &FraudSignals) -> Option<FraudReason> {
        let km = signals.distance_from_home_km?;
        let explanation = format!("requested {km:.0} km away from the payer's home");
        reason("far_from_home", reached(&self.0.far_from_home, &km.max(0.0)), explanation)
    }
}

impl FraudScorer for RuleFraudScorer {
    fn violations(&self, currency: Currency) -> Violations {
        let mut check = PolicyCheck::new(currency);
        self.0.check(&mut check);
        check.into_violations()
    }

    fn score(&self, signals: &FraudSignals, now: DateTime<Utc>) -> FraudCheck {
        let reasons = self.reasons(signals);
        let score = reasons.iter().fold(0_u8, |sum, reason| sum.saturating_add(reason.points)).min(100);
        FraudCheck { score, decision: self.0.decision(score), reasons, checked_at: now, review: None }
    }
}

/// The reason for a matched rule; `None` if it adds no points.
fn reason(rule: &str, points: Option<u8>, explanation: String) -> Option<FraudReason> {
    let points = points.filter(|points| *points > 0)?;
    Some(FraudReason { rule: rule.to_owned(), points, explanation })
}

/// The highest points among the bands that a value reaches. Values that cannot be compared reach none.
fn reached<T: PartialOrd>(bands: &[FraudBand<T>], value: &T) -> Option<u8> {
    let reached = |band: &&FraudBand<T>| {
        matches!(value.partial_cmp(&band.from), Some(Ordering::Greater | Ordering::Equal))
    };
    bands.iter().filter(reached).map(|band| band.points).max()
}

/// The ratio of an amount to a base, rounded down; saturates if it overflows.
fn times(amount: Decimal, base: Decimal) -> u32 {
    if amount <= Decimal::ZERO {
        return 0;
    }
    amount.checked_div(base.max(Decimal::ZERO)).and_then(|times| times.to_u32()).unwrap_or(u32::MAX)
}

fn counted(count: u32, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{count} {of}s") }
}

#[cfg(test)]
mod tests;
