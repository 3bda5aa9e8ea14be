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
