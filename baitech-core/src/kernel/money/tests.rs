use proptest::prelude::*;

use super::*;

fn kes(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::KES)
}

#[test]
fn currencies_never_mix() {
    let (shillings, dollars) = (kes("1"), Money::from_major(1, Currency::USD));
    let refused = Err(MoneyError::Currencies(Currency::KES, Currency::USD));
    assert_eq!(shillings.checked_add(dollars), refused);
    assert_eq!(shillings.checked_sub(dollars), refused);
    assert_eq!(Money::sum(Currency::KES, [shillings, dollars]), refused);
    assert_eq!(shillings.try_cmp(dollars).map(drop), refused.map(drop));
    assert_eq!(shillings.exceeds(dollars).map(drop), refused.map(drop));
    assert_eq!(
        dollars.try_min(shillings).map(drop),
        Err(MoneyError::Currencies(Currency::USD, Currency::KES))
    );
    assert_ne!(Money::zero(Currency::KES), Money::zero(Currency::USD));
}

#[test]
fn overflow_is_an_error() {
    let most = Money::new(Decimal::MAX, Currency::KES);
    assert_eq!(most.checked_add(kes("1")), Err(MoneyError::Overflow));
    assert_eq!(most.negated().checked_sub(kes("1")), Err(MoneyError::Overflow));
    assert_eq!(most.checked_mul(Decimal::TWO), Err(MoneyError::Overflow));
    assert_eq!(most.allocate(&[1]), Err(MoneyError::Overflow));
}

#[test]
fn each_rounding_mode_rounds_as_documented() {
    let round = |text, rounding| kes(text).round(0, rounding).amount().to_string();
    let all = |text| {
        [Rounding::HalfAwayFromZero, Rounding::HalfEven, Rounding::Down, Rounding::Up]
            .map(|rounding| round(text, rounding))
    };
    assert_eq!(all("2.5"), ["3", "2", "2", "3"]);
    assert_eq!(all("3.5"), ["4", "4", "3", "4"]);
    assert_eq!(all("-2.5"), ["-3", "-2", "-2", "-3"]);
    assert_eq!(all("2.4"), ["2", "2", "2", "3"]);
    assert_eq!(all("2.6"), ["3", "3", "2", "3"]);
}

#[test]
fn prices_round_as_their_currency_is_paid() {
    let price = |text: &str, currency| {
        let money = Money::new(text.parse().unwrap(), currency);
        money.round_price(Rounding::HalfAwayFromZero).to_string()
    };
    assert_eq!(price("377.6", Currency::KES), "378.00 KES");
    assert_eq!(price("377.5", Currency::KES), "378.00 KES");
    assert_eq!(price("3.765", Currency::USD), "3.77 USD");
    assert_eq!(price("376.5", Currency::JPY), "377 JPY");
    assert_eq!(price("1.2345", Currency::BHD), "1.235 BHD");
    assert_eq!(kes("10.005").to_minor_unit(), kes("10.01"));
}

#[test]
fn amounts_are_shown_to_the_smallest_unit() {
    assert_eq!(kes("2278").to_string(), "2278.00 KES");
    assert_eq!(Money::from_minor(5, Currency::USD).to_string(), "0.05 USD");
    assert_eq!(Money::from_minor(5, Currency::JPY).to_string(), "5 JPY");
    assert_eq!(kes("-0.5").to_string(), "-0.50 KES");
    assert_eq!(kes("9.996").to_string(), "10.00 KES");
}

#[test]
fn rates_are_basis_points() {
    assert_eq!(Rate::percent(15), Rate::from_basis_points(1_500));
    assert_eq!(Rate::percent(15).factor().to_string(), "0.1500");
    assert_eq!(Rate::percent(15).to_string(), "15 %");
    assert_eq!(Rate::from_basis_points(1_250).to_string(), "12.5 %");
    assert_eq!(Rate::percent(u32::MAX).basis_points(), u32::MAX);
}

#[test]
fn allocation_needs_a_weight_and_whole_units() {
    assert_eq!(kes("1").allocate(&[]), Err(MoneyError::NoShares));
    assert_eq!(kes("1").allocate(&[0, 0]), Err(MoneyError::NoShares));
    assert_eq!(kes("0.001").allocate(&[1]), Err(MoneyError::Fraction));
}

#[test]
fn units_left_over_go_to_the_largest_remainders() {
    let parts = |amount, weights| -> Vec<String> {
        kes(amount).allocate(weights).unwrap().iter().map(|part| part.amount().to_string()).collect()
    };
    assert_eq!(parts("100", &[1, 1, 1]), ["33.34", "33.33", "33.33"]);
    assert_eq!(parts("-100", &[1, 1, 1]), ["-33.34", "-33.33", "-33.33"]);
    assert_eq!(parts("0.05", &[3, 7]), ["0.02", "0.03"]);
    assert_eq!(parts("0.01", &[0, 1, 2]), ["0.00", "0.00", "0.01"]);
    assert_eq!(parts("2738", &[2_278, 300, 60, 100]), ["2278.00", "300.00", "60.00", "100.00"]);
}

#[test]
fn money_is_written_with_its_currency() {
    let json = serde_json::to_string(&kes("12.50")).unwrap();
    assert_eq!(json, r#"{"amount":"12.50","currency":"KES"}"#);
    assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), kes("12.5"));
    assert!(serde_json::from_str::<Money>(r#"{"amount":"12.50"}"#).is_err());
}

fn currencies() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec![Currency::KES, Currency::USD, Currency::JPY, Currency::BHD])
}

proptest! {
    #[test]
    fn parts_sum_to_the_whole(
        units in any::<i64>(),
        weights in prop::collection::vec(prop_oneof![0_u64..5, any::<u64>()], 1..12),
        currency in currencies(),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let whole = Money::from_minor(units, currency);
        let parts = whole.allocate(&weights).unwrap();
        prop_assert_eq!(parts.len(), weights.len());
        prop_assert_eq!(Money::sum(currency, parts.iter().copied()), Ok(whole));

        let total: i128 = weights.iter().copied().map(i128::from).sum();
        for (part, weight) in parts.iter().zip(&weights) {
            let part = (part.amount() * Decimal::from(10_u64.pow(minor_digits(currency)))).to_i128().unwrap();
            // Within one unit of the exact share, |part − units · weight / total| < 1.
            let off = part * total - i128::from(units) * i128::from(*weight);
            prop_assert!(off.abs() < total, "{} of {}", part, units);
        }
    }

    #[test]
    fn larger_weight_never_gets_less(units in 0_i64..1_000_000, weights in prop::collection::vec(0_u64..100, 2..8)) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let parts = Money::from_minor(units, Currency::KES).allocate(&weights).unwrap();
        for (part, weight) in parts.iter().zip(&weights) {
            for (other, lighter) in parts.iter().zip(&weights) {
                prop_assert!(weight <= lighter || part.amount() >= other.amount());
            }
        }
    }

    #[test]
    fn subtraction_reverses_addition(a in any::<i64>(), b in any::<i64>(), currency in currencies()) {
        let (a, b) = (Money::from_minor(a, currency), Money::from_minor(b, currency));
        let sum = a.checked_add(b).unwrap();
        prop_assert_eq!(sum.checked_sub(b), Ok(a));
        prop_assert_eq!(b.checked_add(a), Ok(sum));
        prop_assert_eq!(a.try_cmp(sum), Ok(Decimal::ZERO.cmp(&b.amount())));
        prop_assert_eq!(a.exceeds(sum), Ok(b.is_negative()));
    }

    #[test]
    fn rounding_moves_by_less_than_a_unit(mantissa in any::<i64>(), scale in 0_u32..8, digits in 0_u32..4) {
        let money = Money::new(Decimal::new(mantissa, scale), Currency::KES);
        let unit = Decimal::new(1, digits);
        for rounding in [Rounding::HalfAwayFromZero, Rounding::HalfEven, Rounding::Down, Rounding::Up] {
            let rounded = money.round(digits, rounding);
            let off = (rounded.amount() - money.amount()).abs();
            prop_assert!(off < unit, "{rounding:?}");
            prop_assert_eq!(rounded.round(digits, rounding), rounded);
            match rounding {
                Rounding::HalfAwayFromZero | Rounding::HalfEven => prop_assert!(off * Decimal::TWO <= unit),
                Rounding::Down => prop_assert!(rounded.amount().abs() <= money.amount().abs()),
                Rounding::Up => prop_assert!(rounded.amount().abs() >= money.amount().abs()),
            }
        }
    }
}

fn json(money: Money) -> String {
    serde_json::to_string(&money).unwrap()
}

#[test]
fn amounts_are_strings_with_the_digits_of_the_currency() {
    assert_eq!(json(kes("2738")), r#"{"amount":"2738.00","currency":"KES"}"#);
    assert_eq!(json(kes("0")), r#"{"amount":"0.00","currency":"KES"}"#);
    assert_eq!(json(kes("-12.5000")), r#"{"amount":"-12.50","currency":"KES"}"#);
    assert_eq!(json(kes("0.125")), r#"{"amount":"0.125","currency":"KES"}"#);
    assert_eq!(json(Money::from_major(9, Currency::JPY)), r#"{"amount":"9","currency":"JPY"}"#);
}

#[test]
fn strings_and_numbers_are_read() {
    for amount in ["\"2738.00\"", "\"2738\"", "2738", "2738.0"] {
        let text = format!(r#"{{"amount":{amount},"currency":"KES"}}"#);
        assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), Money::from_major(2_738, Currency::KES));
    }
}

#[test]
fn a_rate_is_a_percentage_on_the_wire() {
    for (points, wire) in [(1_500, "15"), (750, "7.5"), (25, "0.25"), (0, "0"), (10_000, "100")] {
        let rate = Rate::from_basis_points(points);
        let json = serde_json::json!({ "percent": wire });
        assert_eq!(serde_json::to_value(rate).unwrap(), json);
        assert_eq!(serde_json::from_value::<Rate>(json).unwrap(), rate);
    }
    for wrong in [
        serde_json::json!(1_500),
        serde_json::json!("15"),
        serde_json::json!({ "percent": "-1" }),
        serde_json::json!({ "percent": "0.125" }),
        serde_json::json!({ "percent": "1_5" }),
        serde_json::json!({ "percent": "15", "of": "total" }),
    ] {
        assert!(serde_json::from_value::<Rate>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn zero_has_no_sign() {
    let zero = Money::zero(Currency::KES);
    assert_eq!(zero.negated().to_string(), "0.00 KES");
    assert_eq!(zero.negated(), zero);
}
