//! Reading Daraja's JSON: numbers come as numbers or as text, and amounts must not become binary fractions.

use baitech_core::kernel::{Currency, Money};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// A string, or the digits of a number as they were written; `None` for anything else.
pub(super) fn text(raw: &RawValue) -> Option<String> {
    let written = raw.get();
    match written.as_bytes().first()? {
        b'"' => serde_json::from_str(written).ok(),
        b'-' | b'0'..=b'9' => Some(written.to_owned()),
        _ => None,
    }
}

/// A positive amount, exact to the digit.
pub(super) fn amount(raw: &RawValue) -> Option<Money> {
    let text = text(raw)?;
    let text = text.trim();
    let amount = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
    (amount > Decimal::ZERO).then(|| Money::new(amount, Currency::KES))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(written: &str) -> Option<Money> {
        amount(&RawValue::from_string(written.to_owned()).unwrap())
    }

    #[test]
    fn amounts_are_read_exactly() {
        let kes = |text: &str| Some(Money::new(text.parse().unwrap(), Currency::KES));
        assert_eq!(read("2738.00"), kes("2738"));
        assert_eq!(read("\"200.10\""), kes("200.10"));
        assert_eq!(read("0.1"), kes("0.1"));
        assert_eq!(read("2.5E+3"), kes("2500"));
        for wrong in ["0", "-5", "\"\"", "\"1,000\"", "true", "null", "{}", "[1]", "\"NaN\"", "1e400"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_cent_is_lost(cents in 1_i64..1_000_000_000_000_000) {
            let money = Money::from_minor(cents, Currency::KES);
            prop_assert_eq!(read(&money.amount().to_string()), Some(money));
        }
    }
}
