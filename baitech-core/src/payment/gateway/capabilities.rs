use chrono::TimeDelta;

use crate::{
    kernel::{Code, Currency, Money, MoneyError, PolicyCheck, Violation},
    transaction::PaymentTiming,
};

/// The bounds of an operation's amount; `None` for no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The minimum.
    pub least: Option<Money>,
    /// The maximum.
    pub most: Option<Money>,
}

impl Limits {
    /// Fails outside the bounds. An amount in another currency than a bound cannot be compared with it and
    /// fails too.
    ///
    /// # Errors
    /// A [`Violation`] of `amount` with [`Code::OutOfRange`] or [`Code::Currency`].
    pub fn check(&self, amount: Money) -> Result<(), Violation> {
        let violation = |message| Err(Violation::new("amount", Code::OutOfRange, message));
        let incomparable = |error: MoneyError| Violation::new("amount", Code::Currency, error.to_string());
        match self.least {
            Some(least) if least.exceeds(amount).map_err(incomparable)? => {
                return violation(format!("the amount must be at least {least}"));
            }
            _ => {}
        }
        match self.most {
            Some(most) if amount.exceeds(most).map_err(incomparable)? => {
                violation(format!("the amount must be at most {most}"))
            }
            _ => Ok(()),
        }
    }
}

impl Limits {
    fn check_policy(&self, field: &str, check: &mut PolicyCheck) {
        let (least, most) = (format!("{field}.least"), format!("{field}.most"));
        for (field, bound) in [(&least, self.least), (&most, self.most)] {
            if let Some(bound) = bound {
                check.amount(field, bound);
            }
        }
        let Some(bound) = self.most else { return };
        check.require(!bound.is_zero(), &most, Code::OutOfRange, "must be above zero");
        // Bounds in two currencies are reported above.
        let crossed = self.least.is_some_and(|least| least.exceeds(bound).unwrap_or(false));
        check.require(!crossed, &most, Code::Order, "the maximum must not be below the minimum");
    }
}

/// The capabilities of a gateway, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// When its customers pay.
    pub timing: PaymentTiming,
    /// The currencies that it supports; empty for any.
    pub currencies: Vec<Currency>,
    /// Whether it supports only whole units of a currency.
    pub whole_units: bool,
    /// Bounds of one charge.
    pub charge: Limits,
    /// Bounds of one payout; larger ones are split. `None` if it does not support payouts.
    pub pay_out: Option<Limits>,
    /// Bounds of one refund. `None` if it does not support refunds; they then go into the payer's wallet.
    pub refund: Option<Limits>,
    /// Whether its webhooks are signed. Claims of an unsigned call about a large amount are verified by a
    /// query.
    pub signs_webhooks: bool,
    /// Whether a charge can authorize money without capturing it.
    pub authorizes: bool,
    /// For how long the provider treats the same key as the same operation, so that an unanswered operation
    /// may be sent again under its key; `None` if an operation is never sent twice.
    pub repeatable_for: Option<TimeDelta>,
    /// Whether the money moves only in the ledger, without a call to a provider.
    pub ledger_only: bool,
}

impl Capabilities {
    /// A ledger-only method: any amount, at once.
    #[must_use]
    pub const fn of_ledger(timing: PaymentTiming) -> Self {
        let unbounded = Limits { least: None, most: None };
        Self {
            timing,
            currencies: Vec::new(),
            whole_units: false,
            charge: unbounded,
            pay_out: None,
            refund: Some(unbounded),
            signs_webhooks: true,
            authorizes: false,
            repeatable_for: None,
            ledger_only: true,
        }
    }

    /// Checks that a gateway with these capabilities can be used in an engine.
    pub(crate) fn check_policy(&self, field: &str, check: &mut PolicyCheck) {
        let currency = check.currency();
        let moves = self.currencies.is_empty() || self.currencies.contains(&currency);
        let message = format!("must include the policy's currency, {}", currency.code());
        check.require(moves, format!("{field}.currencies"), Code::Currency, message);
        for (name, limits) in
            [("charge", Some(self.charge)), ("payOut", self.pay_out), ("refund", self.refund)]
        {
            let Some(limits) = limits else { continue };
            limits.check_policy(&format!("{field}.{name}"), check);
            let whole = limits.most.is_none_or(|most| most.amount().fract().is_zero());
            let message = "must be whole units, since the method supports no others";
            check.require(
                whole || !self.whole_units,
                format!("{field}.{name}.most"),
                Code::Malformed,
                message,
            );
        }
    }

    /// Fails for an amount that the gateway cannot move within these limits.
    ///
    /// # Errors
    /// A [`Violation`] of `amount`: [`Code::Currency`], [`Code::OutOfRange`], or [`Code::Malformed`] for a
    /// fraction.
    pub fn check(&self, limits: &Limits, amount: Money) -> Result<(), Violation> {
        let currency = amount.currency();
        if !self.currencies.is_empty() && !self.currencies.contains(&currency) {
            let message = format!("the payment method does not support {}", currency.code());
            return Err(Violation::new("amount", Code::Currency, message));
        }
        if self.whole_units && !amount.amount().fract().is_zero() {
            let message = format!("the payment method supports only whole units of {}", currency.code());
            return Err(Violation::new("amount", Code::Malformed, message));
        }
        limits.check(amount)
    }
}
