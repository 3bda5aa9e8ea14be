use chrono::TimeDelta;

use crate::{
    booking::PaymentTiming,
    kernel::{Code, Currency, Money, MoneyError, Violation},
    policy::PolicyCheck,
};

/// The least and the most of one operation; `None` for no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Not less than this.
    pub least: Option<Money>,
    /// Not more than this.
    pub most: Option<Money>,
}

impl Limits {
    /// Fails outside of the bounds. An amount in another currency than a bound cannot be compared with it and
    /// fails too.
    ///
    /// # Errors
    /// A [`Violation`] of `amount` with [`Code::OutOfRange`] or [`Code::Currency`].
    pub fn check(&self, amount: Money) -> Result<(), Violation> {
        let violation = |message| Err(Violation::new("amount", Code::OutOfRange, message));
        let incomparable = |error: MoneyError| Violation::new("amount", Code::Currency, error.to_string());
        match self.least {
            Some(least) if least.exceeds(amount).map_err(incomparable)? => {
                return violation(format!("this is {least} at least"));
            }
            _ => {}
        }
        match self.most {
            Some(most) if amount.exceeds(most).map_err(incomparable)? => {
                violation(format!("this is {most} at most"))
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
        check.require(!bound.is_zero(), &most, Code::OutOfRange, "this is more than nothing");
        // Bounds in two currencies are found above.
        let crossed = self.least.is_some_and(|least| least.exceeds(bound).unwrap_or(false));
        check.require(!crossed, &most, Code::Order, "the most is not below the least");
    }
}

/// What a gateway can do, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// When its customers pay.
    pub timing: PaymentTiming,
    /// The currencies that it moves; none for any.
    pub currencies: Vec<Currency>,
    /// Only whole units of a currency.
    pub whole_units: bool,
    /// Bounds of one charge.
    pub charge: Limits,
    /// Bounds of one payout; larger ones are split. `None` where it pays nobody out.
    pub pay_out: Option<Limits>,
    /// Bounds of one refund. `None` where it gives nothing back: refunds then go into the payer's wallet.
    pub refund: Option<Limits>,
    /// Whether its calls are signed. What an unsigned call claims is asked for again where it is about much
    /// money.
    pub signs_webhooks: bool,
    /// Whether a charge can set money aside without taking it.
    pub authorizes: bool,
    /// For how long the same key is certainly the same operation, so that an operation without an answer may
    /// be sent again under its key; `None` where an operation is never sent twice.
    pub repeatable_for: Option<TimeDelta>,
    /// Whether the money moves in our own books alone, without a call to anybody.
    pub ledger_only: bool,
}

impl Capabilities {
    /// A method of our own books: any amount, at once.
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

    /// Finds what speaks against using a gateway with these capabilities in an engine.
    pub(crate) fn check_policy(&self, field: &str, check: &mut PolicyCheck) {
        let currency = check.currency();
        let moves = self.currencies.is_empty() || self.currencies.contains(&currency);
        let message = format!("the policy's currency, {}, is not among them", currency.code());
        check.require(moves, format!("{field}.currencies"), Code::Currency, message);
        for (name, limits) in
            [("charge", Some(self.charge)), ("payOut", self.pay_out), ("refund", self.refund)]
        {
            let Some(limits) = limits else { continue };
            limits.check_policy(&format!("{field}.{name}"), check);
            let whole = limits.most.is_none_or(|most| most.amount().fract().is_zero());
            let message = "this is whole units, since the method moves nothing else";
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
            let message = format!("this method moves no {}", currency.code());
            return Err(Violation::new("amount", Code::Currency, message));
        }
        if self.whole_units && !amount.amount().fract().is_zero() {
            let message = format!("this method moves whole units of {}", currency.code());
            return Err(Violation::new("amount", Code::Malformed, message));
        }
        limits.check(amount)
    }
}
