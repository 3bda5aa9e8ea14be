//! Stripe's amounts: whole numbers of the currency's smallest unit, with exceptions. Source: Stripe's page on
//! supported currencies, "zero-decimal", "three-decimal" and "special cases".

use baitech_core::kernel::{Code, Currency, Money, Violation};
use rust_decimal::{Decimal, prelude::ToPrimitive};

/// Stripe's unit of a currency: the digits after the point, and the step of amounts.
fn unit(currency: Currency) -> (u32, i64) {
    match currency {
        // These currencies no longer have cents, but Stripe still counts cents.
        Currency::ISK | Currency::UGX => (2, 100),
        // The ariary has a fifth as its subunit, which Stripe does not count.
        Currency::MGA => (0, 1),
        other => match other.exponent() {
            // The last digit is always zero.
            Some(3) => (3, 10),
            digits => (digits.map_or(2, u32::from), 1),
        },
    }
}

/// Converts an amount to Stripe's unit.
///
/// # Errors
/// A [`Violation`] of `amount` if Stripe cannot represent the fraction, or the amount is too large.
pub(super) fn to_stripe(money: Money) -> Result<i64, Violation> {
    let (digits, step) = unit(money.currency());
    let fraction =
        || Violation::new("amount", Code::Malformed, "the amount must have no fraction of the smallest unit");
    let scale = Decimal::from(10_i64.pow(digits));
    let count = money.amount().checked_mul(scale);
    let count = count.ok_or_else(|| Violation::new("amount", Code::OutOfRange, "the amount is too large"))?;
    if !count.fract().is_zero() {
        return Err(fraction());
    }
    let count = count.to_i64();
    let count = count.ok_or_else(|| Violation::new("amount", Code::OutOfRange, "the amount is too large"))?;
    if count <= 0 {
        return Err(Violation::new("amount", Code::OutOfRange, "the amount must be above zero"));
    }
    if count % step == 0 { Ok(count) } else { Err(fraction()) }
}

/// Converts from Stripe's unit; `None` for an unknown currency.
pub(super) fn from_stripe(count: i64, currency: &str) -> Option<Money> {
    let currency = Currency::from_code(&currency.to_uppercase())?;
    Some(Money::new(Decimal::new(count, unit(currency).0), currency))
}

#[cfg(test)]
mod tests {
    use baitech_core::kernel::Currency::{BHD, CLP, EUR, ISK, JPY, KES, KWD, MGA, RWF, UGX, USD, XOF};
    use proptest::{prelude::*, sample::select};

    use super::*;

    fn count(amount: &str, currency: Currency) -> Option<i64> {
        to_stripe(Money::new(amount.parse().unwrap(), currency)).ok()
    }

    #[test]
    fn amounts_match_stripe_s_documentation() {
        assert_eq!(count("10", USD), Some(1000));
        assert_eq!(count("2738.00", KES), Some(273_800));
        assert_eq!(count("500", JPY), Some(500));
        assert_eq!(count("5", UGX), Some(500));
        assert_eq!(count("5", ISK), Some(500));
        assert_eq!(count("7", MGA), Some(7));
        assert_eq!(count("5.120", KWD), Some(5120));
        for (amount, currency) in [
            ("0.001", USD),
            ("0.5", JPY),
            ("5.50", UGX),
            ("5.01", ISK),
            ("5.124", KWD),
            ("0", USD),
            ("-1", USD),
            ("79228162514264337593543950335", USD),
            ("92233720368547758.08", USD),
        ] {
            assert_eq!(count(amount, currency), None, "{amount} {currency:?}");
        }
        assert_eq!(from_stripe(1000, "usd"), Some(Money::from_major(10, USD)));
        assert_eq!(from_stripe(500, "ugx"), Some(Money::from_major(5, UGX)));
        assert_eq!(from_stripe(500, "zzz"), None);
    }

    proptest! {
        #[test]
        fn amounts_survive(
            steps in 1_i64..1_000_000_000_000,
            currency in select(vec![KES, USD, EUR, JPY, CLP, RWF, XOF, UGX, ISK, MGA, BHD, KWD]),
        ) {
            let (digits, step) = unit(currency);
            let money = Money::new(Decimal::new(steps * step, digits), currency);
            let count = to_stripe(money).unwrap();
            prop_assert_eq!(from_stripe(count, &currency.code().to_lowercase()), Some(money));
        }
    }
}
