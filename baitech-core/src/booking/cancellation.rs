use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{Id, Money, MoneyError, Rate, Rounding},
};

/// What a cancellation costs by how long before the start it comes: never more for longer notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CancellationPolicy {
    /// The rates for notice of *more than* so many hours, the longest first; the rates rise down the list.
    pub tiers: Vec<CancellationTier>,
    /// The rate for less notice than every tier, and for a customer who is not there.
    pub late_rate: Rate,
    /// Of the fee, what the platform keeps; the technician has the rest.
    pub platform_share: Rate,
}

/// One step of a [`CancellationPolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CancellationTier {
    /// For notice of more than so many hours.
    pub notice_hours: u32,
    /// Of the total.
    pub rate: Rate,
}

impl Default for CancellationPolicy {
    /// Free with more than a day's notice, 25 % with more than six hours', 50 % with more than two, else 75 %.
    fn default() -> Self {
        let tier = |notice_hours, percent| CancellationTier { notice_hours, rate: Rate::percent(percent) };
        Self {
            tiers: vec![tier(24, 0), tier(6, 25), tier(2, 50)],
            late_rate: Rate::percent(75),
            platform_share: Rate::percent(15),
        }
    }
}

impl CancellationPolicy {
    /// The rate for a notice; a negative notice is one after the start.
    #[must_use]
    pub fn rate(&self, notice: TimeDelta) -> Rate {
        let reached = |tier: &&CancellationTier| notice > TimeDelta::hours(i64::from(tier.notice_hours));
        self.tiers.iter().find(reached).map_or(self.late_rate, |tier| tier.rate)
    }

    /// The fee on a total at a rate: rounded as prices are, and within 0 and the total.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn fee(total: Money, rate: Rate) -> Result<Money, MoneyError> {
        let fee = total.checked_mul(rate.factor())?.round_price(Rounding::HalfAwayFromZero);
        Ok(if fee.amount() > total.amount() { total } else { fee })
    }
}

/// Why a booking was given up, as far as money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancellationCause {
    /// The customer changed their mind; may cost a fee.
    Customer,
    /// The technician cannot come.
    Technician,
    /// The technician did not come: 30 min after the start and not arrived.
    TechnicianNoShow,
    /// The customer was not there: arrived and waited 30 min; costs the late fee.
    CustomerNoShow,
    /// Admin or support.
    Staff,
    /// Nobody could be found, or nobody paid.
    System,
}

/// How a booking was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cancellation {
    /// By whom; `None` for the system.
    pub cancelled_by: Option<Id<User>>,
    /// When.
    pub cancelled_at: DateTime<Utc>,
    /// Why, in words.
    pub reason: String,
    /// Why, as far as money goes; unknown in bookings of the earlier application.
    pub cause: Option<CancellationCause>,
    /// What the customer owes for it.
    #[serde(rename = "cancellationFee")]
    pub fee: Money,
}

/// What a cancellation would cost at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancellationQuote {
    /// Whose doing it would be.
    pub cause: CancellationCause,
    /// Of the total.
    pub rate: Rate,
    /// What the customer would owe.
    pub fee: Money,
}
