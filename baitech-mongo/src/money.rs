//! Amounts beside their currency.

use baitech_core::kernel::{Currency, Money};
use rust_decimal::Decimal;

use crate::codec::Unreadable;

/// The currency of documents that do not name one.
pub(crate) const DEFAULT_CURRENCY: Currency = Currency::KES;

/// A stored currency code.
pub(crate) fn currency(code: Option<&str>) -> Result<Currency, Unreadable> {
    let Some(code) = code else { return Ok(DEFAULT_CURRENCY) };
    Currency::from_code(code)
        .ok_or_else(|| Unreadable::new(format!("{code:?} is not a currency of ISO 4217")))
}

/// The code to store; nothing for the default.
pub(crate) fn code(currency: Currency) -> Option<String> {
    (currency != DEFAULT_CURRENCY).then(|| currency.code().to_owned())
}

/// A stored amount, rounded to the smallest unit: the earlier application left fractions of a cent.
pub(crate) fn money(amount: Decimal, currency: Currency) -> Money {
    Money::new(amount, currency).to_minor_unit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_to_the_smallest_unit_of_their_currency() {
        let amount: Decimal = "2376.1965000000005".parse().unwrap();
        assert_eq!(money(amount, Currency::KES).to_string(), "2376.20 KES");
        assert_eq!(money(amount, Currency::JPY).to_string(), "2376 JPY");
    }

    #[test]
    fn a_currency_is_stored_unless_it_is_the_default() {
        assert_eq!(code(Currency::KES), None);
        assert_eq!(code(Currency::USD).as_deref(), Some("USD"));
        assert_eq!(currency(None).ok(), Some(Currency::KES));
        assert_eq!(currency(Some("USD")).ok(), Some(Currency::USD));
        assert!(currency(Some("shillings")).is_err());
    }
}
