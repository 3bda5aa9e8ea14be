use chrono::TimeDelta;
use chrono_tz::Tz;

use super::CancellationPolicy;
use crate::{
    kernel::{Currency, Money},
    matching::MatchingPolicy,
    payment::PaymentPolicy,
    pricing::PricingPolicy,
};

/// Every number that bookings go by. The defaults are the platform's; an embedder replaces what differs.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingPolicy {
    /// The currency of new bookings.
    pub currency: Currency,
    /// The zone in which a job's day and hours are meant where the request does not say.
    pub time_zone: Tz,
    /// The other zones that a request may name. None by default: hours and days are priced by the zone, so that who could name any
    /// would choose which surcharges to pay.
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
            punctuality_tolerance: TimeDelta::minutes(15),
            arrival_reminders: vec![TimeDelta::hours(24), TimeDelta::hours(1)],
            payment_reminder: TimeDelta::hours(24),
            review_request: TimeDelta::hours(24),
            approval_limit: Money::from_major(5_000, Currency::KES),
            recurrence_lead: TimeDelta::days(14),
            max_occurrences: 52,
            max_advance: TimeDelta::days(366),
            idempotency_lifetime: TimeDelta::days(7),
        }
    }
}
