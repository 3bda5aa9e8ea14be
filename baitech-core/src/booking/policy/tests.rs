use proptest::prelude::*;

use super::*;
use crate::{booking::CancellationTier, kernel::Violations, matching::Widening};

fn found(violations: &Violations) -> Vec<(String, Code)> {
    violations.iter().map(|violation| (violation.field.to_string(), violation.code)).collect()
}

#[test]
fn the_defaults_are_valid() {
    assert_eq!(BookingPolicy::default().validate(), Ok(()));
}

#[test]
fn in_currency_converts_every_limit() {
    let shillings = BookingPolicy::default();
    let rate = Decimal::new(77, 4);
    let mut policy = shillings.clone().in_currency(Currency::USD, rate).unwrap();
    // A new field does not compile until `limits_mut` lists it as a limit or not.
    let shown: Vec<_> =
        policy.limits_mut().into_iter().map(|(field, limit)| (field, limit.to_string())).collect();
    let expected = [
        ("approvalLimit", "38.50 USD"),
        ("payment.confirmAbove", "77.00 USD"),
        ("payment.payoutMinimum", "3.85 USD"),
        ("payment.debtLimit", "77.00 USD"),
        ("payment.creditLimit", "1540.00 USD"),
        ("payment.unpaidFeesLimit", "0.00 USD"),
        ("payment.walletLimit", "3850.00 USD"),
        ("payment.tipLimit", "385.00 USD"),
    ];
    assert_eq!(shown, expected.map(|(field, limit)| (field, limit.to_owned())));
    assert_eq!((policy.currency, policy.validate()), (Currency::USD, Ok(())));
    let mut restored = policy;
    for ((_, limit), (_, original)) in restored.limits_mut().into_iter().zip(shillings.clone().limits_mut()) {
        *limit = *original;
    }
    restored.currency = shillings.currency;
    assert_eq!(restored, shillings, "nothing else changes");
}

#[test]
fn in_currency_refuses_rates_and_limits_that_cannot_be_converted() {
    for rate in [Decimal::ZERO, Decimal::NEGATIVE_ONE] {
        let error = BookingPolicy::default().in_currency(Currency::USD, rate).unwrap_err();
        assert_eq!(found(error.violations()), [("rate".to_owned(), Code::OutOfRange)]);
    }
    let mut mixed = BookingPolicy::default();
    mixed.payment.tip_limit = Money::from_major(5, Currency::EUR);
    let error = mixed.in_currency(Currency::USD, Decimal::ONE).unwrap_err();
    assert_eq!(found(error.violations()), [("payment.tipLimit".to_owned(), Code::Currency)]);
    let error = BookingPolicy::default().in_currency(Currency::USD, Decimal::MAX).unwrap_err();
    assert_eq!(found(error.violations()), [("approvalLimit".to_owned(), Code::OutOfRange)]);
}

#[test]
fn limits_in_another_currency_are_all_named() {
    let policy = BookingPolicy { currency: Currency::USD, ..BookingPolicy::default() };
    let error = policy.validate().unwrap_err();
    let fields = [
        "approvalLimit",
        "payment.confirmAbove",
        "payment.payoutMinimum",
        "payment.debtLimit",
        "payment.creditLimit",
        "payment.unpaidFeesLimit",
        "payment.walletLimit",
        "payment.tipLimit",
    ];
    assert_eq!(found(error.violations()), fields.map(|field| (field.to_owned(), Code::Currency)));
}

/// One change to the defaults, the field that it makes invalid, and the code of the violation.
type Case = (fn(&mut BookingPolicy), &'static str, Code);

#[test]
fn every_invalid_value_is_named() {
    let below = TimeDelta::seconds(-1);
    let cases: [Case; 40] = [
        (|p| p.approval_limit = p.approval_limit.negated(), "approvalLimit", Code::OutOfRange),
        (|p| p.acceptance_timeout = TimeDelta::MIN, "acceptanceTimeout", Code::OutOfRange),
        (|p| p.payment_timeout = TimeDelta::MIN, "paymentTimeout", Code::OutOfRange),
        (|p| p.verification_timeout = TimeDelta::MIN, "verificationTimeout", Code::OutOfRange),
        (|p| p.dispute_window = TimeDelta::MIN, "disputeWindow", Code::OutOfRange),
        (|p| p.dispute_escalation = TimeDelta::MIN, "disputeEscalation", Code::OutOfRange),
        (|p| p.no_show_wait = TimeDelta::MIN, "noShowWait", Code::OutOfRange),
        (|p| p.early_departure = TimeDelta::MIN, "earlyDeparture", Code::OutOfRange),
        (|p| p.punctuality_tolerance = TimeDelta::MIN, "punctualityTolerance", Code::OutOfRange),
        (|p| p.arrival_reminders[1] = TimeDelta::MIN, "arrivalReminders[1]", Code::OutOfRange),
        (|p| p.payment_reminder = TimeDelta::MIN, "paymentReminder", Code::OutOfRange),
        (|p| p.review_request = TimeDelta::MIN, "reviewRequest", Code::OutOfRange),
        (|p| p.recurrence_lead = TimeDelta::MIN, "recurrenceLead", Code::OutOfRange),
        (|p| p.max_advance = TimeDelta::MIN, "maxAdvance", Code::OutOfRange),
        (|p| p.idempotency_lifetime = TimeDelta::MIN, "idempotencyLifetime", Code::OutOfRange),
        (|p| p.event_retention = TimeDelta::MIN, "eventRetention", Code::OutOfRange),
        (|p| p.max_occurrences = 0, "maxOccurrences", Code::OutOfRange),
        (|p| p.max_open_requests = 0, "maxOpenRequests", Code::OutOfRange),
        (|p| p.payment.release_after = TimeDelta::MIN, "payment.releaseAfter", Code::OutOfRange),
        (|p| p.payment.query_after.clear(), "payment.queryAfter", Code::Required),
        (|p| p.payment.query_after[0] = TimeDelta::zero(), "payment.queryAfter[0]", Code::Order),
        (|p| p.payment.query_after.swap(2, 3), "payment.queryAfter[3]", Code::Order),
        (|p| p.payment.query_every = TimeDelta::zero(), "payment.queryEvery", Code::OutOfRange),
        (|p| p.payment.query_for = TimeDelta::MIN, "payment.queryFor", Code::OutOfRange),
        (|p| p.payment.max_attempts = 0, "payment.maxAttempts", Code::OutOfRange),
        (|p| p.payment.instant_fee = Rate::percent(101), "payment.instantFee", Code::OutOfRange),
        (|p| p.cancellation.late_rate = Rate::percent(101), "cancellation.lateRate", Code::OutOfRange),
        (
            |p| p.cancellation.platform_share = Rate::percent(101),
            "cancellation.platformShare",
            Code::OutOfRange,
        ),
        (
            |p| p.cancellation.tiers.push(CancellationTier { notice_hours: 2, rate: Rate::ZERO }),
            "cancellation.tiers[3].noticeHours",
            Code::Order,
        ),
        (|p| p.pricing.fees.platform = Rate::percent(101), "pricing.fees.platform", Code::OutOfRange),
        (|p| p.pricing.fees.vat = Rate::percent(101), "pricing.fees.vat", Code::OutOfRange),
        (
            |p| p.pricing.surcharges.demand.most_technicians = 0,
            "pricing.surcharges.demand.mostTechnicians",
            Code::OutOfRange,
        ),
        (
            |p| p.pricing.surcharges.demand.cap = Rate::percent(1_001),
            "pricing.surcharges.demand.cap",
            Code::OutOfRange,
        ),
        (
            |p| p.pricing.surcharges.peak_hours[0].until = p.pricing.surcharges.peak_hours[0].from,
            "pricing.surcharges.peakHours[0]",
            Code::Order,
        ),
        (
            |p| p.matching.widening.push(Widening { after_minutes: 20, factor: 3.0 }),
            "matching.widening[3].afterMinutes",
            Code::Order,
        ),
        (|p| p.matching.widening[0].factor = f64::NAN, "matching.widening[0].factor", Code::OutOfRange),
        (|p| p.matching.alternatives = 101, "matching.alternatives", Code::OutOfRange),
        (|p| p.matching.scoring.weights.skill = 0.5, "matching.scoring.weights", Code::OutOfRange),
        (|p| p.matching.scoring.jobs_a_day = 0, "matching.scoring.jobsADay", Code::OutOfRange),
        (|p| p.matching.scoring.prior_rating = 0.0, "matching.scoring.priorRating", Code::OutOfRange),
    ];
    let mut everything = BookingPolicy::default();
    everything.payment.release_after = below;
    everything.max_occurrences = 0;
    assert_eq!(
        everything.validate().unwrap_err().violations().iter().count(),
        2,
        "all violations are reported together"
    );
    for (spoil, field, code) in cases {
        let mut policy = BookingPolicy::default();
        spoil(&mut policy);
        let error = policy.validate().unwrap_err();
        assert_eq!(found(error.violations()), [(field.to_owned(), code)]);
    }
}

proptest! {
    #[test]
    fn a_converted_policy_is_valid(minor in 1..10_000_000_i64, currency in 0..4_usize) {
        let currency = [Currency::USD, Currency::UGX, Currency::JPY, Currency::BHD][currency];
        let policy = BookingPolicy::default().in_currency(currency, Decimal::new(minor, 4)).unwrap();
        prop_assert_eq!(policy.validate(), Ok(()));
    }
}
