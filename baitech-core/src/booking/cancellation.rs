use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Booking, BookingEvent, BookingStatus, Context, Party};
use crate::{
    account::{StatsDelta, User},
    decide::Decision,
    kernel::{Id, Money, MoneyError, Rate, Result, Rounding, Rule, after},
};

/// What a cancellation costs, by notice before the start. Longer notice never costs more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CancellationPolicy {
    /// The rates for notice of *more than* the given hours, the longest notice first.
    pub tiers: Vec<CancellationTier>,
    /// The rate for shorter notice than every tier, and for a customer no-show.
    pub late_rate: Rate,
    /// The platform's share of the fee; the technician gets the rest.
    pub platform_share: Rate,
}

/// One step of a [`CancellationPolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CancellationTier {
    /// The notice has to be longer than this, in hours.
    pub notice_hours: u32,
    /// The share of the booking's total.
    pub rate: Rate,
}

impl Default for CancellationPolicy {
    /// Free with more than 24 hours' notice, 25 % with more than 6 hours', 50 % with more than 2 hours', 75 %
    /// otherwise.
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
    /// The rate for a notice: the lowest rate of all tiers that it reaches, so that longer notice never costs
    /// more, whatever the tiers. Notice is negative after the start.
    #[must_use]
    pub fn rate(&self, notice: TimeDelta) -> Rate {
        let reached = |tier: &&CancellationTier| notice > TimeDelta::hours(i64::from(tier.notice_hours));
        let earned = self.tiers.iter().filter(reached).map(|tier| tier.rate);
        earned.fold(self.late_rate, Rate::min)
    }

    /// The fee on a total at a rate: rounded as prices are, between 0 and the total.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn fee(total: Money, rate: Rate) -> Result<Money, MoneyError> {
        if total.is_negative() {
            return Ok(Money::zero(total.currency()));
        }
        let fee = total.checked_mul(rate.factor())?.round_price(Rounding::HalfAwayFromZero);
        fee.try_min(total)
    }
}

/// The cause of a cancellation, which determines the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancellationCause {
    /// The customer changed their mind; may cost a fee.
    Customer,
    /// The technician cannot come.
    Technician,
    /// Technician no-show: the technician has not arrived 30 min after the start.
    TechnicianNoShow,
    /// Customer no-show: the technician arrived and waited 30 min. Costs the late fee.
    CustomerNoShow,
    /// An admin or support cancelled.
    Staff,
    /// No technician was found, or the customer did not pay.
    System,
}

/// Who cancelled a booking, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cancellation {
    /// Who cancelled; `None` for the system.
    pub cancelled_by: Option<Id<User>>,
    /// When it was cancelled.
    pub cancelled_at: DateTime<Utc>,
    /// The reason, in words.
    pub reason: String,
    /// The cause, which determined the fee; unknown in bookings of the earlier application.
    pub cause: Option<CancellationCause>,
    /// The fee that the customer owes.
    #[serde(rename = "cancellationFee")]
    pub fee: Money,
}

/// What a cancellation would cost now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancellationQuote {
    /// The cause that the fee is computed for.
    pub cause: CancellationCause,
    /// The share of the booking's total.
    pub rate: Rate,
    /// What the customer would owe.
    pub fee: Money,
}

impl Booking {
    /// What a cancellation would cost if this actor cancelled now. `no_show` is the technician's report that
    /// the customer is not there.
    ///
    /// Once the technician has arrived, the customer owes at least the late rate, however long before the
    /// slot that is, and at least the share of the estimated time that was worked; never more than the total.
    ///
    /// # Errors
    /// [`Rule::TOO_EARLY`] for a customer no-show before the technician has arrived and waited;
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) for an actor who may not cancel.
    pub fn cancellation_quote(&self, no_show: bool, context: &Context<'_>) -> Result<CancellationQuote> {
        let parties = self.parties(&context.actor);
        let cause = if no_show {
            self.require_customer_no_show(context)?;
            CancellationCause::CustomerNoShow
        } else if parties.contains(Party::Customer) {
            if self.is_technician_missing(context) {
                CancellationCause::TechnicianNoShow
            } else {
                CancellationCause::Customer
            }
        } else if parties.contains(Party::Technician) {
            CancellationCause::Technician
        } else if parties.contains(Party::System) {
            CancellationCause::System
        } else {
            self.require_party(&[Party::Admin, Party::Support], &context.actor)?;
            CancellationCause::Staff
        };
        let rate = match cause {
            CancellationCause::Customer if self.status.holds_time() => self.customer_rate(context.now),
            CancellationCause::CustomerNoShow => self.cancellation_policy.late_rate,
            CancellationCause::Customer
            | CancellationCause::Technician
            | CancellationCause::TechnicianNoShow
            | CancellationCause::Staff
            | CancellationCause::System => Rate::ZERO,
        };
        let fee = CancellationPolicy::fee(self.pricing.total, rate)?;
        Ok(CancellationQuote { cause, rate, fee })
    }

    /// The rate for a customer who cancels: by the notice, but at least the late rate once the technician has
    /// arrived, and at least the share of the estimated time that was worked.
    fn customer_rate(&self, now: DateTime<Utc>) -> Rate {
        let by_notice = self.cancellation_policy.rate(self.slot.starts_at() - now);
        let rate = by_notice.max(self.cancellation_floor);
        match self.status {
            BookingStatus::Arrived | BookingStatus::InProgress | BookingStatus::Paused => {
                rate.max(self.cancellation_policy.late_rate).max(self.worked_rate(now))
            }
            _ => rate,
        }
    }

    /// The share of the estimated time that was worked until `now`, at most 100 %, rounded up to a basis
    /// point.
    fn worked_rate(&self, now: DateTime<Utc>) -> Rate {
        const WHOLE: i64 = 10_000;
        let worked = self.worked(now).num_seconds().max(0);
        if worked == 0 {
            return Rate::ZERO;
        }
        let estimated = match i64::from(self.slot.estimated_minutes).saturating_mul(60) {
            0 => (self.slot.ends_at() - self.slot.starts_at()).num_seconds(),
            seconds => seconds,
        };
        let points = worked.saturating_mul(WHOLE).saturating_add(estimated - 1).checked_div(estimated);
        let points = points.filter(|_| estimated > 0).unwrap_or(WHOLE).clamp(0, WHOLE);
        Rate::from_basis_points(u32::try_from(points).unwrap_or_default())
    }

    /// Cancels the booking. The fee becomes the customer's debt. A cancellation by the customer or by staff
    /// also ends the series that the booking carries; one by the technician or the system does not.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`], and those of [`cancellation_quote`](Self::cancellation_quote).
    pub fn cancel(mut self, reason: &str, no_show: bool, context: &Context<'_>) -> Result<Decision<Self>> {
        let quote = self.cancellation_quote(no_show, context)?;
        self.0.cancellation = Some(Cancellation {
            cancelled_by: context.actor.id(),
            cancelled_at: context.now,
            reason: reason.to_owned(),
            cause: Some(quote.cause),
            fee: quote.fee,
        });
        self.0.reschedule = None;
        // A customer who no longer wants the job wants no further occurrence either. A technician's
        // cancellation does not end the series.
        let ends_series = matches!(quote.cause, CancellationCause::Customer | CancellationCause::Staff);
        let series_ended = ends_series && self.stop_series();
        // After acceptance, the cancellation counts against the party that caused it.
        let let_down = self.status.holds_time().then_some(match quote.cause {
            CancellationCause::Customer | CancellationCause::CustomerNoShow => Some(self.customer),
            CancellationCause::Technician | CancellationCause::TechnicianNoShow => self.technician,
            CancellationCause::Staff | CancellationCause::System => None,
        });
        let decision = Decision::new(self)
            .step(BookingStatus::Cancelled, context, Some(reason))?
            .count(let_down.flatten(), StatsDelta { cancelled: 1, ..StatsDelta::default() })
            .end_payment(quote.fee, context)?;
        Ok(if series_ended { decision.event(BookingEvent::BookingSeriesEnded) } else { decision })
    }

    /// Whether the technician should have arrived by now and has not.
    fn is_technician_missing(&self, context: &Context<'_>) -> bool {
        matches!(self.status, BookingStatus::Accepted | BookingStatus::EnRoute)
            && context.now >= after(self.slot.starts_at(), context.policy.no_show_wait)
    }

    /// Fails unless the technician has arrived and waited, from the start of the slot at the earliest.
    fn require_customer_no_show(&self, context: &Context<'_>) -> Result<()> {
        self.require_party(&[Party::Technician], &context.actor)?;
        self.require_status(&[BookingStatus::Arrived], "reporting a customer no-show", &context.actor)?;
        let waiting_since = self.entered_at().max(self.slot.starts_at());
        if context.now < after(waiting_since, context.policy.no_show_wait) {
            let minutes = context.policy.no_show_wait.num_minutes();
            let message = format!(
                "a customer no-show can be reported {minutes} minutes after the start or the arrival"
            );
            return Err(self.refuse(Rule::TOO_EARLY, message, &context.actor));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
