use chrono::TimeDelta;
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::CancellationPolicy;
use crate::{
    kernel::{Code, Currency, Money, Rate},
    matching::MatchingPolicy,
    payment::PaymentPolicy,
    policy::{PolicyCheck, PolicyError, check_exchange, convert_limit},
    pricing::PricingPolicy,
};

/// Every number that bookings go by. The defaults are the platform's; an embedder replaces what differs.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingPolicy {
    /// The currency of new bookings.
    pub currency: Currency,
    /// The zone in which a job's day and hours are meant where the request does not say.
    pub time_zone: Tz,
    /// The other zones that a request may name. None by default: hours and days are priced by the zone, so
    /// that who could name any would choose which surcharges to pay.
    pub time_zones: Vec<Tz>,
    /// Fees, taxes and surcharges.
    pub pricing: PricingPolicy,
    /// Weights, radii and times of matching.
    pub matching: MatchingPolicy,
    /// How money is collected, held, released and paid out.
    pub payment: PaymentPolicy,
    /// The fees that new bookings are shown.
    pub cancellation: CancellationPolicy,
    /// An offer that is not answered this long is taken as declined.
    pub acceptance_timeout: TimeDelta,
    /// A booking whose money is due at acceptance is cancelled when it has not come this long after.
    pub payment_timeout: TimeDelta,
    /// Completed work that nobody contests this long is verified.
    pub verification_timeout: TimeDelta,
    /// A paid booking can be disputed this long.
    pub dispute_window: TimeDelta,
    /// A dispute that is open this long is flagged.
    pub dispute_escalation: TimeDelta,
    /// How long one waits for the other side before it counts as not having come.
    pub no_show_wait: TimeDelta,
    /// How long before the start the technician can set out, unless the customer has agreed to an
    /// earlier moment ([`Booking::allow_early_start`](super::Booking::allow_early_start)).
    pub early_departure: TimeDelta,
    /// An arrival this long after the start is still in time.
    pub punctuality_tolerance: TimeDelta,
    /// How long before the start both sides are reminded.
    pub arrival_reminders: Vec<TimeDelta>,
    /// How long after `payment_pending` the customer is reminded.
    pub payment_reminder: TimeDelta,
    /// How long after `paid` both sides are asked for a review.
    pub review_request: TimeDelta,
    /// A company's booking up to this total needs nobody's approval.
    pub approval_limit: Money,
    /// How long before its start the next of a series is booked.
    pub recurrence_lead: TimeDelta,
    /// The most bookings of a series.
    pub max_occurrences: u16,
    /// How many requests a customer can have that no technician has accepted yet.
    pub max_open_requests: u16,
    /// How far ahead a booking can be made.
    pub max_advance: TimeDelta,
    /// How long the answer to a request that moved no money is kept for its repetition.
    pub idempotency_lifetime: TimeDelta,
}

impl Default for BookingPolicy {
    fn default() -> Self {
        Self {
            currency: Currency::KES,
            time_zone: Tz::Africa__Nairobi,
            time_zones: Vec::new(),
            pricing: PricingPolicy::default(),
            matching: MatchingPolicy::default(),
            payment: PaymentPolicy::default(),
            cancellation: CancellationPolicy::default(),
            acceptance_timeout: TimeDelta::minutes(15),
            payment_timeout: TimeDelta::minutes(30),
            verification_timeout: TimeDelta::hours(24),
            dispute_window: TimeDelta::days(7),
            dispute_escalation: TimeDelta::days(7),
            no_show_wait: TimeDelta::minutes(30),
            early_departure: TimeDelta::hours(4),
            punctuality_tolerance: TimeDelta::minutes(15),
            arrival_reminders: vec![TimeDelta::hours(24), TimeDelta::hours(1)],
            payment_reminder: TimeDelta::hours(24),
            review_request: TimeDelta::hours(24),
            approval_limit: Money::from_major(5_000, Currency::KES),
            recurrence_lead: TimeDelta::days(14),
            max_occurrences: 52,
            max_open_requests: 20,
            max_advance: TimeDelta::days(366),
            idempotency_lifetime: TimeDelta::days(7),
        }
    }
}

impl BookingPolicy {
    /// The same policy in another currency: every limit is converted and rounded to that currency's smallest
    /// unit.
    ///
    /// `rate` is what one unit of the present currency is worth in the other. Limits are meant to be round
    /// numbers; set those anew that should be.
    ///
    /// ```
    /// use baitech_core::{booking::BookingPolicy, kernel::{Currency, Money}};
    /// let rate = "0.0077".parse()?;
    /// let policy = BookingPolicy::default().in_currency(Currency::USD, rate)?;
    /// assert_eq!(policy.payment.wallet_limit, Money::from_major(3_850, Currency::USD));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A rate that is not above zero; a limit that is not in the present currency, or does not fit.
    pub fn in_currency(mut self, currency: Currency, rate: Decimal) -> Result<Self, PolicyError> {
        check_exchange(rate)?;
        let from = self.currency;
        for limit in self.limits_mut() {
            convert_limit(limit, from, currency, rate)?;
        }
        self.currency = currency;
        Ok(self)
    }

    /// Fails for a policy by which no engine can run: amounts in another currency, shares above the whole,
    /// times or numbers that make no sense.
    ///
    /// # Errors
    /// Every violation, with its field.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let mut check = PolicyCheck::new(self.currency);
        self.check(&mut check);
        check.into_result()
    }

    /// Every amount of the policy. A new field has to be placed here, so that no limit is left in another
    /// currency.
    fn limits_mut(&mut self) -> Vec<(&'static str, &mut Money)> {
        let Self {
            payment,
            approval_limit,
            currency: _,
            time_zone: _,
            time_zones: _,
            pricing: _,
            matching: _,
            cancellation: _,
            acceptance_timeout: _,
            payment_timeout: _,
            verification_timeout: _,
            dispute_window: _,
            dispute_escalation: _,
            no_show_wait: _,
            early_departure: _,
            punctuality_tolerance: _,
            arrival_reminders: _,
            payment_reminder: _,
            review_request: _,
            recurrence_lead: _,
            max_occurrences: _,
            max_open_requests: _,
            max_advance: _,
            idempotency_lifetime: _,
        } = self;
        let mut limits = vec![("approvalLimit", approval_limit)];
        limits.extend(payment.limits_mut());
        limits
    }

    pub(crate) fn check(&self, check: &mut PolicyCheck) {
        for (field, limit) in self.clone().limits_mut() {
            check.amount(field, *limit);
        }
        self.pricing.check(check);
        self.matching.check(check);
        self.payment.check(check);
        self.cancellation.check(check);
        let times = [
            ("acceptanceTimeout", self.acceptance_timeout),
            ("paymentTimeout", self.payment_timeout),
            ("verificationTimeout", self.verification_timeout),
            ("disputeWindow", self.dispute_window),
            ("disputeEscalation", self.dispute_escalation),
            ("noShowWait", self.no_show_wait),
            ("earlyDeparture", self.early_departure),
            ("punctualityTolerance", self.punctuality_tolerance),
            ("paymentReminder", self.payment_reminder),
            ("reviewRequest", self.review_request),
            ("recurrenceLead", self.recurrence_lead),
            ("maxAdvance", self.max_advance),
            ("idempotencyLifetime", self.idempotency_lifetime),
        ];
        for (field, time) in times {
            check.time(field, time);
        }
        for (index, time) in self.arrival_reminders.iter().enumerate() {
            check.time(format!("arrivalReminders[{index}]"), *time);
        }
        let counts = [("maxOccurrences", self.max_occurrences), ("maxOpenRequests", self.max_open_requests)];
        for (field, count) in counts {
            check.require(count > 0, field, Code::OutOfRange, "this is 1 at least");
        }
    }
}

impl CancellationPolicy {
    fn check(&self, check: &mut PolicyCheck) {
        let whole = Rate::percent(100);
        check.rate("cancellation.lateRate", self.late_rate, whole);
        check.rate("cancellation.platformShare", self.platform_share, whole);
        let mut longer = None;
        for (index, tier) in self.tiers.iter().enumerate() {
            let field = format!("cancellation.tiers[{index}]");
            check.rate(format!("{field}.rate"), tier.rate, whole);
            let falls = longer.is_none_or(|longer| tier.notice_hours < longer);
            let message = "the tiers are in order of their notice, the longest first";
            check.require(falls, format!("{field}.noticeHours"), Code::Order, message);
            longer = Some(tier.notice_hours);
        }
    }
}

#[cfg(test)]
mod tests;
