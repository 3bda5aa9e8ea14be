use proptest::{option, prelude::*};

use super::*;

fn now() -> DateTime<Utc> {
    "2026-03-02T07:00:00Z".parse().unwrap()
}

/// An established payer who pays the usual amount, at home.
fn usual() -> FraudSignals {
    FraudSignals {
        amount: Decimal::from(2_738),
        account_age_days: 400,
        attempts_last_hour: 0,
        failures_last_day: 0,
        usual_amount: Some(Decimal::from(3_000)),
        payers_sharing_origin: 0,
        distance_from_home_km: Some(2.0),
    }
}

/// A payer who registered today and pays for the first time.
fn newcomer() -> FraudSignals {
    FraudSignals { account_age_days: 0, usual_amount: None, distance_from_home_km: None, ..usual() }
}

fn check(signals: &FraudSignals) -> FraudCheck {
    RuleFraudScorer::default().score(signals, now())
}

fn rules(check: &FraudCheck) -> Vec<(&str, u8)> {
    check.reasons.iter().map(|reason| (reason.rule.as_str(), reason.points)).collect()
}

#[test]
fn an_ordinary_payment_meets_no_rule() {
    let check = check(&usual());
    assert_eq!((check.score, check.decision), (0, FraudDecision::Approve));
    assert!(check.reasons.is_empty());
    assert_eq!((check.checked_at, check.review), (now(), None));
}

#[test]
fn a_first_payment_of_an_ordinary_amount_is_approved() {
    let check = check(&newcomer());
    assert_eq!(check.decision, FraudDecision::Approve);
    assert_eq!(rules(&check), [("new_account", 15)]);
}

#[test]
fn common_events_of_honest_payers_are_never_held() {
    let honest = [
        ("a large job", FraudSignals { amount: Decimal::from(500_000), ..usual() }),
        ("a journey", FraudSignals { distance_from_home_km: Some(9_000.0), ..usual() }),
        ("a few wrong PINs", FraudSignals { failures_last_day: 4, attempts_last_hour: 4, ..usual() }),
        ("a mobile network", FraudSignals { payers_sharing_origin: 5_000, ..usual() }),
        ("a newcomer on a mobile network", FraudSignals { payers_sharing_origin: 5_000, ..newcomer() }),
        ("ten times very little", FraudSignals { usual_amount: Some(Decimal::from(200)), ..usual() }),
    ];
    for (what, signals) in honest {
        let check = check(&signals);
        assert_eq!(check.decision, FraudDecision::Approve, "{what}: {:?}", check.reasons);
    }
}

#[test]
fn combined_signals_are_held() {
    let held = [
        ("a newcomer's huge payment", FraudSignals { amount: Decimal::from(100_000), ..newcomer() }, 45),
        ("a newcomer far away", FraudSignals { distance_from_home_km: Some(2_000.0), ..newcomer() }, 35),
        (
            "a large amount far away",
            {
                let amount = Decimal::from(15_000);
                FraudSignals { amount, distance_from_home_km: Some(2_000.0), ..usual() }
            },
            40,
        ),
        ("eight attempts", FraudSignals { attempts_last_hour: 8, ..usual() }, 35),
    ];
    for (what, signals, score) in held {
        let check = check(&signals);
        assert_eq!((check.score, check.decision), (score, FraudDecision::Review), "{what}");
        assert!(check.is_open(), "{what}");
    }
}

#[test]
fn many_signals_together_are_blocked_and_each_is_explained() {
    let signals = FraudSignals {
        amount: Decimal::from(30_000),
        attempts_last_hour: 5,
        failures_last_day: 3,
        distance_from_home_km: Some(1_234.4),
        payers_sharing_origin: 6,
        account_age_days: 1,
        usual_amount: Some(Decimal::from(3_000)),
    };
    let check = check(&signals);
    assert_eq!((check.score, check.decision), (100, FraudDecision::Block));
    let explanations: Vec<_> = check.reasons.iter().map(|reason| reason.explanation.as_str()).collect();
    assert_eq!(
        explanations,
        [
            "5 payments begun within the last hour before this one",
            "3 payments of this payer failed within the last day",
            "30000 is at least 10 times the 3000 that this payer usually pays",
            "the account is 1 day old",
            "6 other payers used the same address or device within the last 30 days",
            "requested 1234 km away from the payer's home",
        ]
    );
}

#[test]
fn each_band_begins_at_its_lower_bound() {
    let points = |signals| check(&signals).score;
    let velocity = [0, 2, 3, 4, 5, 7, 8, 11, 12, u32::MAX]
        .map(|attempts_last_hour| points(FraudSignals { attempts_last_hour, ..usual() }));
    assert_eq!(velocity, [0, 0, 10, 10, 20, 20, 35, 35, 50, 50]);
    let failures = [2, 3, 5, 10, u32::MAX]
        .map(|failures_last_day| points(FraudSignals { failures_last_day, ..usual() }));
    assert_eq!(failures, [0, 10, 20, 35, 35]);
    let amounts = [8_999, 9_000, 14_999, 15_000, 29_999, 30_000]
        .map(|amount| points(FraudSignals { amount: Decimal::from(amount), ..usual() }));
    assert_eq!(amounts, [0, 10, 10, 20, 20, 30]);
    let ages =
        [0, 1, 6, 7, 29, 30].map(|account_age_days| points(FraudSignals { account_age_days, ..usual() }));
    assert_eq!(ages, [15, 10, 10, 5, 5, 0]);
    let sharers =
        [2, 3, 6, 20].map(|payers_sharing_origin| points(FraudSignals { payers_sharing_origin, ..usual() }));
    assert_eq!(sharers, [0, 5, 10, 15]);
    let distances = [49.9, 50.0, 200.0, 1_000.0]
        .map(|km| points(FraudSignals { distance_from_home_km: Some(km), ..usual() }));
    assert_eq!(distances, [0, 5, 10, 20]);
}

#[test]
fn scores_fall_into_their_bands() {
    let policy = FraudPolicy::default();
    for score in 0..=u8::MAX {
        let expected = match score {
            0..=30 => FraudDecision::Approve,
            31..=70 => FraudDecision::Review,
            _ => FraudDecision::Block,
        };
        assert_eq!(policy.decision(score), expected, "{score}");
    }
}

#[test]
fn invalid_signals_count_as_the_nearest_valid_value() {
    let far = |km| check(&FraudSignals { distance_from_home_km: km, ..usual() }).score;
    assert_eq!(far(Some(f64::NAN)), far(None));
    assert_eq!(far(Some(f64::INFINITY)), far(Some(1e9)));
    assert_eq!([far(Some(-1.0)), far(Some(f64::NEG_INFINITY))], [far(Some(0.0)); 2]);
    let aged = |account_age_days| check(&FraudSignals { account_age_days, ..usual() }).score;
    assert_eq!([aged(-1), aged(i64::MIN)], [aged(0); 2]);
    let paid = |amount| check(&FraudSignals { amount, ..usual() }).score;
    assert_eq!(paid(Decimal::MIN), paid(Decimal::ZERO));
    let accustomed =
        |usual_amount| check(&FraudSignals { usual_amount, amount: Decimal::MAX, ..usual() }).score;
    assert_eq!([accustomed(Some(Decimal::MIN)), accustomed(Some(Decimal::ZERO))], [accustomed(None); 2]);
}

#[test]
fn a_zero_usual_amount_makes_any_amount_unusual() {
    let zero = Decimal::ZERO;
    let policy =
        FraudPolicy { assumed_usual_amount: zero, least_usual_amount: zero, ..FraudPolicy::default() };
    let scorer = RuleFraudScorer::new(policy);
    let check = scorer.score(&FraudSignals { usual_amount: None, ..usual() }, now());
    assert_eq!(rules(&check), [("unusual_amount", 30)]);
}

#[test]
fn missing_policy_fields_take_their_defaults() {
    let policy: FraudPolicy =
        serde_json::from_str(r#"{"approveUpTo": 10, "velocity": [{"from": 1, "points": 7}]}"#).unwrap();
    assert_eq!(policy.approve_up_to, 10);
    assert_eq!(policy.velocity, [FraudBand { from: 1, points: 7 }]);
    assert_eq!(policy.new_account, FraudPolicy::default().new_account);
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let any = (any::<i128>(), 0..=28_u32).prop_filter_map("too large", |(units, scale)| {
        Decimal::try_from_i128_with_scale(units >> 32, scale).ok()
    });
    prop_oneof![4 => (0..1_000_000_i64).prop_map(Decimal::from), 1 => any, 1 => Just(Decimal::MAX)]
}

fn kilometres() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0..2_000.0_f64, 1 => any::<f64>()]
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..30_u32, 1 => any::<u32>()]
}

fn days() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 0..60_i64, 1 => any::<i64>()]
}

prop_compose! {
    fn signals()(
        amount in decimal(),
        account_age_days in days(),
        (attempts_last_hour, failures_last_day, payers_sharing_origin) in (count(), count(), count()),
        usual_amount in option::of(decimal()),
        distance_from_home_km in option::of(kilometres()),
    ) -> FraudSignals {
        FraudSignals {
            amount,
            account_age_days,
            attempts_last_hour,
            failures_last_day,
            usual_amount,
            payers_sharing_origin,
            distance_from_home_km,
        }
    }
}

fn table<T: std::fmt::Debug>(from: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<FraudBand<T>>> {
    prop::collection::vec((from, any::<u8>()).prop_map(|(from, points)| FraudBand { from, points }), 0..5)
}

prop_compose! {
    /// Tables in any order, including invalid ones.
    fn policy()(
        (velocity, failures, unusual_amount) in (table(count()), table(count()), table(count())),
        (shared_origin, far_from_home, ages) in (table(count()), table(kilometres()), table(days())),
        (assumed_usual_amount, least_usual_amount) in (decimal(), decimal()),
        (approve_up_to, review_up_to) in (any::<u8>(), any::<u8>()),
    ) -> FraudPolicy {
        let new_account =
            ages.iter().map(|age| FraudAgeBand { under_days: age.from, points: age.points }).collect();
        FraudPolicy {
            currency: Currency::KES,
            velocity,
            failures,
            unusual_amount,
            new_account,
            shared_origin,
            far_from_home,
            assumed_usual_amount,
            least_usual_amount,
            approve_up_to,
            review_up_to,
        }
    }
}

fn any_policy() -> impl Strategy<Value = FraudPolicy> {
    prop_oneof![Just(FraudPolicy::default()), policy()]
}

proptest! {
    #[test]
    fn the_score_is_the_capped_sum_of_its_reasons(policy in any_policy(), signals in signals()) {
        let check = RuleFraudScorer::new(policy.clone()).score(&signals, now());
        let sum: u32 = check.reasons.iter().map(|reason| u32::from(reason.points)).sum();
        prop_assert_eq!(u32::from(check.score), sum.min(100));
        prop_assert_eq!(check.decision, policy.decision(check.score));
        prop_assert!(check.reasons.iter().all(|reason| reason.points > 0 && !reason.explanation.is_empty()));
    }

    #[test]
    fn a_stronger_signal_never_scores_lower(
        policy in any_policy(),
        weaker in signals(),
        (amount, days) in (decimal(), any::<u32>()),
        (attempts, failures, sharers) in (count(), count(), count()),
        km in kilometres(),
    ) {
        let scorer = RuleFraudScorer::new(policy);
        let score = |signals: &FraudSignals| scorer.score(signals, now()).score;
        let weak = score(&weaker);
        let farther = weaker.distance_from_home_km.map_or(km, |known| known.max(km));
        let stronger = [
            FraudSignals { amount: weaker.amount.max(amount), ..weaker.clone() },
            FraudSignals {
                account_age_days: weaker.account_age_days.saturating_sub(i64::from(days)), ..weaker.clone()
            },
            FraudSignals {
                attempts_last_hour: weaker.attempts_last_hour.saturating_add(attempts), ..weaker.clone()
            },
            FraudSignals {
                failures_last_day: weaker.failures_last_day.saturating_add(failures), ..weaker.clone()
            },
            FraudSignals {
                payers_sharing_origin: weaker.payers_sharing_origin.saturating_add(sharers), ..weaker.clone()
            },
            FraudSignals { distance_from_home_km: Some(farther), ..weaker.clone() },
        ];
        for stronger in stronger {
            prop_assert!(score(&stronger) >= weak, "{weaker:?} {stronger:?}");
        }
    }

    #[test]
    fn an_ordinary_first_payment_is_always_approved(amount in 0..30_000_i64, sharers in any::<u32>()) {
        let amount = Decimal::from(amount);
        let check = check(&FraudSignals { amount, payers_sharing_origin: sharers, ..newcomer() });
        prop_assert_eq!(check.decision, FraudDecision::Approve);
    }
}
