use chrono::TimeDelta;

use crate::{
    booking::PaymentTiming,
    kernel::{Code, Currency, Money, Violation},
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
    /// Fails outside of the bounds; a bound in another currency does not bind.
    ///
    /// # Errors
    /// A [`Violation`] of `amount` with [`Code::OutOfRange`].
    pub fn check(&self, amount: Money) -> Result<(), Violation> {
        let beyond = |bound: Money, order| amount.compare(bound) == Some(order);
        if let Some(least) = self.least.filter(|least| beyond(*least, std::cmp::Ordering::Less)) {
            return Err(Violation::new("amount", Code::OutOfRange, format!("this is {least} at least")));
        }
        if let Some(most) = self.most.filter(|most| beyond(*most, std::cmp::Ordering::Greater)) {
            return Err(Violation::new("amount", Code::OutOfRange, format!("this is {most} at most")));
        }
        Ok(())
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
    /// Whether its calls are signed. What an unsigned call claims is asked for again where it is about much money.
    pub signs_webhooks: bool,
    /// Whether a charge can set money aside without taking it.
    pub authorizes: bool,
    /// For how long the same key is certainly the same operation, so that an operation without an answer may be sent again under its
    /// key; `None` where an operation is never sent twice.
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

    /// Fails for an amount that the gateway cannot move within these limits.
    ///
    /// # Errors
    /// A [`Violation`] of `amount`: [`Code::Currency`], [`Code::OutOfRange`], or [`Code::Malformed`] for a fraction.
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
