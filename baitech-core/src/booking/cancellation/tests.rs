use proptest::prelude::*;

use super::*;
use crate::kernel::Currency;

fn kes(units: i64) -> Money {
    Money::from_major(units, Currency::KES)
}

#[test]
fn golden_fees() {
    let policy = CancellationPolicy::default();
    let fee =
        |minutes| CancellationPolicy::fee(kes(2_738), policy.rate(TimeDelta::minutes(minutes))).unwrap();
    let golden = [
        (48 * 60, 0),
        (24 * 60 + 1, 0),
        (24 * 60, 685),
        (6 * 60 + 1, 685),
        (6 * 60, 1_369),
        (2 * 60 + 1, 1_369),
        (2 * 60, 2_054),
        (0, 2_054),
        (-60, 2_054),
    ];
    for (minutes, expected) in golden {
        assert_eq!(fee(minutes), kes(expected), "{minutes} minutes before");
    }
}

#[test]
fn fee_never_exceeds_the_total() {
    let cents = |cents| Money::from_minor(cents, Currency::KES);
    let fee = |total, rate| CancellationPolicy::fee(total, rate).unwrap();
    assert_eq!(fee(cents(70), Rate::percent(75)), cents(70), "0.525 rounds to a shilling");
    assert_eq!(fee(kes(100), Rate::percent(120)), kes(100));
    assert_eq!(fee(kes(-100), Rate::percent(75)), kes(0), "the earlier application may have stored one");
    let huge = Money::new(rust_decimal::Decimal::MAX, Currency::KES);
    assert_eq!(CancellationPolicy::fee(huge, Rate::percent(200)), Err(MoneyError::Overflow));
}

prop_compose! {
    fn policies()(
        tiers in prop::collection::vec((0_u32..100, 0_u32..=10_000), 0..6),
        late_rate in 0_u32..=10_000,
    ) -> CancellationPolicy {
        let tier =
            |(notice_hours, rate)| CancellationTier { notice_hours, rate: Rate::from_basis_points(rate) };
        CancellationPolicy {
            tiers: tiers.into_iter().map(tier).collect(),
            late_rate: Rate::from_basis_points(late_rate),
            platform_share: Rate::percent(15),
        }
    }
}

proptest! {
    #[test]
    fn longer_notice_never_costs_more(
        policy in prop_oneof![Just(CancellationPolicy::default()), policies()],
        minutes in -3_000_i64..7_000,
        more in 0_i64..3_000,
        total in 0_i64..10_000_000,
    ) {
        let total = Money::from_minor(total, Currency::KES);
        let fee = |minutes| CancellationPolicy::fee(total, policy.rate(TimeDelta::minutes(minutes))).unwrap();
        prop_assert!(fee(minutes + more).amount() <= fee(minutes).amount());
    }

    #[test]
    fn fee_is_between_zero_and_the_total(total in any::<i64>(), rate in 0_u32..30_000) {
        let total = Money::from_minor(total, Currency::USD);
        let fee = CancellationPolicy::fee(total, Rate::from_basis_points(rate)).unwrap();
        prop_assert!(!fee.is_negative());
        prop_assert!(fee.is_zero() || fee.amount() <= total.amount());
    }
}
