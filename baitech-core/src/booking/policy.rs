use chrono::TimeDelta;
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::CancellationPolicy;
use crate::{
    account::AccountPolicy,
    decide::Policy,
    kernel::{Code, Currency, Money, PolicyCheck, PolicyError, Rate, check_exchange, convert_limit},
    matching::MatchingPolicy,
    pricing::PricingPolicy,
    transaction::PaymentPolicy,
};

/// The rules and limits of bookings. The defaults are the platform's; an embedder replaces what differs.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingPolicy {
    /// The currency of new bookings.
    pub currency: Currency,
    /// The zone of a job's day and hours if the request names none.
    pub time_zone: Tz,
    /// Further zones that a request may name. None by default: hours and days are priced by the zone, so that
    /// a customer who could name any zone could choose the surcharges.
    pub time_zones: Vec<Tz>,
    /// Identity checks.
    pub account: AccountPolicy,
    /// Fees, taxes and surcharges.
    pub pricing: PricingPolicy,
    /// Weights, radii and times of matching.
    pub matching: MatchingPolicy,
    /// How money is collected, held, released and paid out.
    pub payment: PaymentPolicy,
    /// The cancellation fees shown with new bookings.
    pub cancellation: CancellationPolicy,
    /// How long an offer can stay unanswered before it counts as declined.
    pub acceptance_timeout: TimeDelta,
    /// How long after acceptance a payment due at acceptance may take before the booking is cancelled.
    pub payment_timeout: TimeDelta,
    /// How long completed work can stay uncontested before it counts as verified.
    pub verification_timeout: TimeDelta,
    /// How long a paid booking can be disputed.
    pub dispute_window: TimeDelta,
    /// How long a dispute can stay open before it is flagged.
    pub dispute_escalation: TimeDelta,
    /// How long one side waits before the other counts as a no-show.
    pub no_show_wait: TimeDelta,
    /// How long before the start the technician may set out, unless the customer has agreed to an earlier
    /// time ([`Booking::allow_early_start`](super::Booking::allow_early_start)).
    pub early_departure: TimeDelta,
    /// How long after the start an arrival is still on time.
    pub punctuality_tolerance: TimeDelta,
    /// How long before the start both sides are reminded.
    pub arrival_reminders: Vec<TimeDelta>,
    /// How long after `payment_pending` the customer is reminded.
    pub payment_reminder: TimeDelta,
    /// How long after `paid` both sides are asked for a review.
    pub review_request: TimeDelta,
    /// The highest total of a company's booking that needs no approval.
    pub approval_limit: Money,
    /// How long before its start the next occurrence of a series is booked.
    pub recurrence_lead: TimeDelta,
    /// The maximum number of bookings in a series.
    pub max_occurrences: u16,
    /// The maximum number of a customer's requests that no technician has accepted yet.
    pub max_open_requests: u16,
    /// How far ahead a booking can be made.
    pub max_advance: TimeDelta,
    /// How long the response to a request that moved no money is kept for repetitions of the request.
    pub idempotency_lifetime: TimeDelta,
    /// How long events are kept in the log, at least. Those that a consumer has not read are kept longer.
    pub event_retention: TimeDelta,
}

impl Default for BookingPolicy {
    fn default() -> Self {
        Self {
            currency: Currency::KES,
            time_zone: Tz::Africa__Nairobi,
            time_zones: Vec::new(),
            account: AccountPolicy::default(),
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
            event_retention: TimeDelta::days(30),
        }
    }
}

impl Policy for BookingPolicy {
    fn idempotency_lifetime(&self) -> TimeDelta {
        self.idempotency_lifetime
    }
}

impl AsRef<Self> for BookingPolicy {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsRef<AccountPolicy> for BookingPolicy {
    fn as_ref(&self) -> &AccountPolicy {
        &self.account
    }
}

impl AsRef<PaymentPolicy> for BookingPolicy {
    fn as_ref(&self) -> &PaymentPolicy {
        &self.payment
    }
}

impl BookingPolicy {
    /// The same policy in another currency: every limit is converted and rounded to that currency's smallest
    /// unit.
    ///
    /// `rate` is the value of one unit of the present currency in the other. Limits that should be round
    /// numbers have to be set again.
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
    /// A rate that is not above zero; a limit that is not in the present currency, or that overflows when
    /// converted.
    pub fn in_currency(mut self, currency: Currency, rate: Decimal) -> Result<Self, PolicyError> {
        check_exchange(rate)?;
        let from = self.currency;
        for limit in self.limits_mut() {
            convert_limit(limit, from, currency, rate)?;
        }
        self.currency = currency;
        Ok(self)
    }

    /// Fails for a policy that no engine can run with: amounts in another currency, shares above the whole,
    /// durations or numbers out of range.
    ///
    /// # Errors
    /// Every violation, with its field.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let mut check = PolicyCheck::new(self.currency);
        self.check(&mut check);
        check.into_result()
    }

    /// Every amount of the policy. A new field has to be handled here, so that no limit stays in another
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
            account: _,
            idempotency_lifetime: _,
            event_retention: _,
        } = self;
        let mut limits = vec![("approvalLimit", approval_limit)];
        limits.extend(payment.limits_mut());
        limits
    }

    pub(crate) fn check(&self, check: &mut PolicyCheck) {
        for (field, limit) in self.clone().limits_mut() {
            check.amount(field, *limit);
        }
        self.account.check(check);
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
            ("eventRetention", self.event_retention),
        ];
        for (field, time) in times {
            check.time(field, time);
        }
        for (index, time) in self.arrival_reminders.iter().enumerate() {
            check.time(format!("arrivalReminders[{index}]"), *time);
        }
        let counts = [("maxOccurrences", self.max_occurrences), ("maxOpenRequests", self.max_open_requests)];
        for (field, count) in counts {
            check.require(count > 0, field, Code::OutOfRange, "must be at least 1");
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
            let message = "the tiers must be in order of their notice, the longest first";
            check.require(falls, format!("{field}.noticeHours"), Code::Order, message);
            longer = Some(tier.notice_hours);
        }
    }
}

#[cfg(test)]
mod tests;
