//! Validation of the engine's policies, before an engine is built.

use std::fmt::Display;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{Code, Currency, Money, MoneyError, Rate, Violation, Violations};

/// Why an engine was not built: every invalid value of a policy, with its field.
///
/// Fields are named by their path in the structs, in camel case: `payment.walletLimit`,
/// `gateways.mpesa.payOut.most`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy is invalid: {0}")]
pub struct PolicyError(Violations);

impl PolicyError {
    /// Every violation. There is at least one.
    #[must_use]
    pub const fn violations(&self) -> &Violations {
        &self.0
    }
}

impl From<Violation> for PolicyError {
    fn from(violation: Violation) -> Self {
        Self(violation.into())
    }
}

/// Collects the violations of a policy whose amounts must all be of one currency.
pub(crate) struct PolicyCheck {
    currency: Currency,
    found: Violations,
}

impl PolicyCheck {
    pub(crate) const fn new(currency: Currency) -> Self {
        Self { currency, found: Violations::new() }
    }

    pub(crate) const fn currency(&self) -> Currency {
        self.currency
    }

    pub(crate) fn into_violations(self) -> Violations {
        self.found
    }

    /// Adds the violations of a part, with the part's name before each field.
    pub(crate) fn within(&mut self, parent: &str, found: Violations) {
        for violation in found.iter() {
            self.push(violation.clone().within(parent));
        }
    }

    pub(crate) fn into_result(self) -> Result<(), PolicyError> {
        if self.found.is_empty() { Ok(()) } else { Err(PolicyError(self.found)) }
    }

    pub(crate) fn push(&mut self, violation: Violation) {
        self.found.push(violation);
    }

    /// Adds a violation unless a condition holds.
    pub(crate) fn require(&mut self, holds: bool, field: impl Display, code: Code, message: impl Display) {
        if !holds {
            self.push(Violation::new(field.to_string(), code, message.to_string()));
        }
    }

    /// Requires an amount in the policy's currency that is not below zero.
    pub(crate) fn amount(&mut self, field: impl Display, amount: Money) {
        let (own, expected) = (amount.currency().code(), self.currency.code());
        let message = format!("is in {own}, but must be in the policy's currency, {expected}");
        self.require(amount.currency() == self.currency, &field, Code::Currency, message);
        self.require(!amount.is_negative(), &field, Code::OutOfRange, "must not be below zero");
    }

    /// Requires a rate of at most `most`.
    pub(crate) fn rate(&mut self, field: impl Display, rate: Rate, most: Rate) {
        self.require(rate <= most, field, Code::OutOfRange, format!("must be at most {most}"));
    }

    /// Requires a duration that is not below zero.
    pub(crate) fn time(&mut self, field: impl Display, time: TimeDelta) {
        self.require(time >= TimeDelta::zero(), field, Code::OutOfRange, "must not be below zero");
    }

    /// Requires a number within bounds; NaN is refused.
    pub(crate) fn number(&mut self, field: impl Display, number: f64, least: f64, most: f64) {
        let holds = (least..=most).contains(&number);
        self.require(holds, field, Code::OutOfRange, format!("must be between {least} and {most}"));
    }
}

/// Fails unless an exchange rate is above zero.
pub(crate) fn check_exchange(rate: Decimal) -> Result<(), PolicyError> {
    if rate > Decimal::ZERO {
        return Ok(());
    }
    Err(Violation::new("rate", Code::OutOfRange, "an exchange rate must be above zero").into())
}

/// Converts one limit of a policy, which must be in the policy's currency.
pub(crate) fn convert_limit(
    (field, amount): (&'static str, &mut Money),
    from: Currency,
    to: Currency,
    rate: Decimal,
) -> Result<(), PolicyError> {
    let converted = amount.same(Money::zero(from)).and_then(|()| amount.convert(to, rate));
    *amount = converted.map_err(|error| {
        let code =
            if matches!(error, MoneyError::Currencies(..)) { Code::Currency } else { Code::OutOfRange };
        Violation::new(field, code, error.to_string())
    })?;
    Ok(())
}
