use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Booking, BookingEvent, BookingStatus, Context, Party};
use crate::{
    account::{StatsDelta, User},
    decide::Decision,
    kernel::{Id, Money, MoneyError, Rate, Result, Rounding, Rule, after},
};

/// What a cancellation costs by how long before the start it comes: never more for longer notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CancellationPolicy {
    /// The rates for notice of *more than* so many hours, the longest first.
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
    /// Free with more than a day's notice, 25 % with more than six hours', 50 % with more than two, else 75
    /// %.
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
    /// The rate for a notice: the lowest that it has earned, so that no list of tiers makes longer notice
    /// dearer. A negative notice is one after the start.
    #[must_use]
    pub fn rate(&self, notice: TimeDelta) -> Rate {
        let reached = |tier: &&CancellationTier| notice > TimeDelta::hours(i64::from(tier.notice_hours));
        let earned = self.tiers.iter().filter(reached).map(|tier| tier.rate);
        earned.fold(self.late_rate, Rate::min)
    }

    /// The fee on a total at a rate: rounded as prices are, and within 0 and the total.
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

impl Booking {
    /// What a cancellation would cost this actor now. `no_show` is the technician's word that the customer is
    /// not there.
    ///
    /// Once the technician has arrived, a customer owes at least the late rate, however long before the
    /// slot that is, and for work done at least its share of the estimated time; never more than the total.
    ///
    /// # Errors
    /// [`Rule::TOO_EARLY`] for a no-show of the customer before the technician has arrived and waited;
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) for nobody's business.
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

    /// The rate of a customer who cancels: by the notice, at least the late rate once the technician
    /// has arrived, and at least the share of the estimated time that was worked.
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

    /// The share of the estimated time that was worked until `now`, rounded up to a basis point; at
    /// most the whole.
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

    /// Gives the booking up. What the customer owes for it stands as the customer's debt. A customer who
    /// cancels, or staff, ends the series that the booking carries; whoever else cancels does not.
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
        // Who does not want the job any more wants no other of its series. That one technician fails ends
        // nothing.
        let ends_series = matches!(quote.cause, CancellationCause::Customer | CancellationCause::Staff);
        let series_ended = ends_series && self.stop_series();
        // Counted is who let the other down, once a technician had promised to come.
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

    /// Whether the technician should have come by now and has not.
    fn is_technician_missing(&self, context: &Context<'_>) -> bool {
        matches!(self.status, BookingStatus::Accepted | BookingStatus::EnRoute)
            && context.now >= after(self.slot.starts_at(), context.policy.no_show_wait)
    }

    /// Fails unless the technician has arrived and waited, and not from before the start.
    fn require_customer_no_show(&self, context: &Context<'_>) -> Result<()> {
        self.require_party(&[Party::Technician], &context.actor)?;
        self.require_status(&[BookingStatus::Arrived], "a no-show of the customer", &context.actor)?;
        let waiting_since = self.entered_at().max(self.slot.starts_at());
        if context.now < after(waiting_since, context.policy.no_show_wait) {
            let minutes = context.policy.no_show_wait.num_minutes();
            let message = format!("the customer has {minutes} minutes from the start, or from the arrival");
            return Err(self.refuse(Rule::TOO_EARLY, message, &context.actor));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
