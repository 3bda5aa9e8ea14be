//! Amounts and their currency.

use baitech_core::kernel::{Currency, Money};
use rust_decimal::Decimal;

use crate::codec::Unreadable;
use crate::value::currency_named;

/// The currency of documents that do not name one.
pub(crate) const DEFAULT_CURRENCY: Currency = Currency::KES;

/// A stored currency code.
pub(crate) fn currency(code: &str) -> Result<Currency, Unreadable> {
    currency_named(code)
        .ok_or_else(|| Unreadable::new(format!("{code:?} is not a currency code of ISO 4217")))
}

/// The currency to store; `None` for the default.
pub(crate) fn unless_default(currency: Currency) -> Option<Currency> {
    (currency != DEFAULT_CURRENCY).then_some(currency)
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
        assert_eq!(unless_default(Currency::KES), None);
        assert_eq!(unless_default(Currency::USD), Some(Currency::USD));
        assert_eq!(currency("USD").ok(), Some(Currency::USD));
        assert!(currency("shillings").is_err());
    }
}
