//! Refunds: the maximum amount, the shares that pay for it, and how the money is returned.

use super::Context;
use super::{
    Amount, Cause, NewTransaction, PaymentEvent, Refund, Transaction, TransactionKind, TransactionStatus,
};
use crate::{
    account::{StatsDelta, User},
    decide::Decision,
    kernel::{Code, Id, Money, Result, Rule, Text, Violation},
    ledger::Account,
    pricing::Shares,
    transaction::PaymentMethod,
};

impl Transaction {
    /// Fails if this amount of the transaction cannot be refunded.
    ///
    /// # Errors
    /// Violations of `amount` for zero, a negative amount, a fraction of the smallest unit, or another
    /// currency; [`Rule::TRANSITION`] if no money has arrived; [`Rule::EXCEEDS_CAPTURE`] if the amount
    /// exceeds the rest of the payment; [`Rule::UNDER_REVIEW`] while the payer contests it with the bank, and
    /// while money that the provider moved without our order awaits a decision.
    pub fn check_refund(&self, amount: Money) -> Result<()> {
        let violation = |code, message: String| Violation::new("amount", code, message);
        if amount.currency() != self.amount.currency() {
            let message = format!("must be in {}", self.amount.currency().code());
            return Err(violation(Code::Currency, message).into());
        }
        if amount.is_zero() || amount.is_negative() {
            return Err(violation(Code::OutOfRange, "must be above zero".to_owned()).into());
        }
        if amount != amount.to_minor_unit() {
            let message = "must have no fraction of the smallest unit".to_owned();
            return Err(violation(Code::Malformed, message).into());
        }
        if !self.status.is_settled() || !self.kind.is_incoming() {
            return Err(self.refuse(Rule::TRANSITION, "only received money can be refunded"));
        }
        if self.is_contested() {
            return Err(self.refuse(
                Rule::UNDER_REVIEW,
                "the payer contests the payment, and the payer's bank must decide first",
            ));
        }
        if self.has_open_move() {
            let message =
                "the provider moved money of the payment without our order; staff must decide on that first";
            return Err(self.refuse(Rule::UNDER_REVIEW, message));
        }
        let left = self.captured()?;
        if amount.exceeds(left)? {
            return Err(
                self.refuse(Rule::EXCEEDS_CAPTURE, format!("only {left} of the payment can be refunded"))
            );
        }
        Ok(())
    }

    /// Refunds a part or all. Each party contributes in proportion to what it has left; a refund of the
    /// remainder leaves every party at exactly zero.
    ///
    /// # Errors
    /// Errors of [`check_refund`](Self::check_refund); errors of the ledger.
    pub fn refund(self, amount: Money, reason: &str, context: &Context<'_>) -> Result<Decision<Self>> {
        self.check_refund(amount)?;
        let portions = self.net_shares()?.portions(amount)?;
        let sources = self.sources(&portions)?;
        Decision::new(self).refund_from(amount, Some(portions), sources, reason, context)
    }

    /// Like [`sources`](Self::sources). If `on_credit` is true, the owner of a wallet that is now empty owes
    /// the topped-up amount.
    pub(super) fn sources_of(&self, portions: &Shares, on_credit: bool) -> Result<Vec<(Account, Money)>> {
        match self.payer.filter(|_| on_credit && self.kind == TransactionKind::WalletTopup) {
            Some(debtor) => Ok(vec![(Account::Receivable(debtor), portions.total()?)]),
            None => self.sources(portions),
        }
    }

    /// The accounts from which the parties pay their portions.
    pub(super) fn sources(&self, portions: &Shares) -> Result<Vec<(Account, Money)>> {
        let Shares { payout, platform, processing, withholding } = *portions;
        let gone = |account: Option<Account>| {
            account.ok_or_else(|| {
                self.refuse(Rule::TRANSITION, "the transaction has no party that could pay the refund")
            })
        };
        if let Some(booking) = self.booking.filter(|_| self.escrow.held) {
            return Ok(vec![(Account::Escrow(booking), portions.total()?)]);
        }
        let whole = portions.total()?;
        Ok(match self.kind {
            TransactionKind::WalletTopup => vec![(gone(self.payer.map(Account::Wallet))?, whole)],
            TransactionKind::CancellationFee => vec![(gone(self.payer.map(Account::Receivable))?, whole)],
            _ => {
                let technician = gone(self.payee.map(Account::Payable))?;
                // The frozen part of the technician's share is used first.
                let frozen = self.escrow.frozen.unwrap_or(Money::zero(payout.currency()));
                let of_frozen = frozen.try_min(payout)?;
                let of_frozen =
                    if of_frozen.is_negative() { Money::zero(payout.currency()) } else { of_frozen };
                vec![
                    (Account::Reserved(self.id), of_frozen),
                    (technician, payout.checked_sub(of_frozen)?),
                    (Account::PlatformRevenue, platform),
                    (Account::ProcessingRevenue, processing),
                    (Account::WithholdingPayable, withholding),
                ]
            }
        })
    }
}

impl Shares {
    /// The contribution of each part to a refund of `amount`: in proportion to the parts, in smallest units,
    /// never more than a part has, and summing to `amount` exactly. For the whole, each part contributes all
    /// it has.
    ///
    /// # Errors
    /// As [`portions_of`](Self::portions_of).
    pub fn portions(&self, amount: Money) -> Result<Self, crate::kernel::MoneyError> {
        let [payout, platform, processing, withholding] = self.portions_of(amount)?;
        Ok(Self { payout, platform, processing, withholding })
    }
}

impl Decision<Transaction> {
    /// Refunds money of this transaction out of the given accounts, in a separate transaction in the same
    /// commit. The provider that brought the money returns it; without a provider, it is returned to the
    /// account that it came from.
    ///
    /// `portions` are recorded as given up. Money that was held apart and never counted as the payment has
    /// none.
    pub(super) fn refund_from(
        mut self,
        amount: Money,
        portions: Option<Shares>,
        sources: impl IntoIterator<Item = (Account, Money)>,
        reason: &str,
        context: &Context<'_>,
    ) -> Result<Self> {
        let refund = self.next.refund_of(amount, reason, context)?;
        let id = refund.next.id;
        let payer = self.next.payer;
        let provider = self.next.gateway.provider;
        let to = match (provider, self.next.method, payer) {
            (Some(_), ..) => Account::Reserved(id),
            (None, PaymentMethod::BankTransfer, Some(payer)) => Account::Receivable(payer),
            (None, _, Some(payer)) => Account::Wallet(payer),
            (None, _, None) => {
                return Err(self.next.refuse(Rule::TRANSITION, "the transaction has no payer"));
            }
        };
        let used: Vec<_> = sources.into_iter().collect();
        if let Some(portions) = portions {
            let from_reserve = used.iter().find(|(account, _)| *account == Account::Reserved(self.next.id));
            if let (Some((_, amount)), Some(frozen)) = (from_reserve, self.next.escrow.frozen) {
                self.next.0.escrow.frozen = Some(frozen.checked_sub(*amount)?);
            }
            self.next.0.refunds.push(Refund {
                element: Some(context.id()),
                transaction: Some(id),
                amount,
                portions,
                reason: reason.to_owned(),
                refunded_at: context.now,
            });
            self.next.note_refunded()?;
        }
        let postings = used.into_iter().map(|(account, amount)| (account, amount.negated()));
        let what = if provider.is_some() { "refund on its way" } else { "refund" };
        let requested = PaymentEvent::RefundRequested { original: self.next.id, amount };
        let posted =
            self.event(requested).post(what, context, postings.chain([(to, amount)]).collect::<Vec<_>>())?;
        Ok(posted.create(refund))
    }
}

impl Decision<Transaction> {
    /// Deducts a refund from what the customer has spent and the technician has earned, in their statistics.
    pub(crate) fn count_returned(
        self,
        customer: Option<Id<User>>,
        (before, after): (&Transaction, &Transaction),
    ) -> Result<Self> {
        let back = after.refunded()?.checked_sub(before.refunded()?)?;
        if back.is_zero() || before.kind != TransactionKind::BookingPayment {
            return Ok(self);
        }
        let decision =
            self.count(customer, StatsDelta { spent: Some(back.negated()), ..StatsDelta::default() });
        if before.escrow.released_at.is_none() {
            return Ok(decision);
        }
        let lost = after.net_shares()?.payout.checked_sub(before.net_shares()?.payout)?;
        Ok(decision.count(before.payee, StatsDelta { earned: Some(lost), ..StatsDelta::default() }))
    }
}

impl Transaction {
    fn note_refunded(&mut self) -> Result<()> {
        let to = if self.captured()?.is_zero() {
            self.0.escrow.held = false;
            TransactionStatus::Refunded
        } else {
            TransactionStatus::PartiallyRefunded
        };
        if self.status == to { Ok(()) } else { self.transition_to(to, Cause::GivenBack) }
    }

    /// The transaction that refunds an amount: completed at once where no provider is needed.
    pub(super) fn refund_of(
        &self,
        amount: Money,
        reason: &str,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let new = NewTransaction {
            payee: self.payer,
            booking: self.booking,
            original: Some(self.id),
            provider: self.gateway.provider,
            phone: self.gateway.phone.clone(),
            account: self.gateway.account.clone(),
            reason: Some(Text::from_stored(reason)),
            ..NewTransaction::new(TransactionKind::Refund, self.method, Amount::whole(amount))
        };
        let mut refund = Self::begin(new, context)?;
        if self.gateway.provider.is_none() {
            refund.next.transition_to(TransactionStatus::Completed, Cause::Settled)?;
            refund.next.0.completed_at = Some(context.now);
            let event = PaymentEvent::RefundProcessed { original: Some(self.id), amount, to_wallet: true };
            refund = refund.event(event);
        }
        Ok(refund)
    }
}
