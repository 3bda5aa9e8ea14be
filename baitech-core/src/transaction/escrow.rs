//! Escrowed money: released to its recipients, shared anew after a cancellation, or frozen until a dispute is
//! resolved.

use super::Context;
use super::{FraudCheck, PaymentEvent, Transaction};
use crate::{
    account::{StatsDelta, User},
    decide::Decision,
    kernel::{Id, Money, Result, Rule},
    ledger::Account,
    pricing::Shares,
    transaction::PaymentMethod,
};

impl Transaction {
    /// Whether manual review is still pending.
    #[must_use]
    pub fn is_under_review(&self) -> bool {
        self.fraud.as_ref().is_some_and(FraudCheck::is_open) || self.is_blocked()
    }

    /// Whether the card holder contests the payment and the bank's decision is missing or contradictory.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        let contested = self.chargeback.as_ref();
        contested.is_some_and(|chargeback| chargeback.won.is_none() || chargeback.contradicted)
    }

    /// The payment with this technician as its payee, unless it has one. The earlier application allowed
    /// payments before a technician accepted; those have no payee.
    pub(crate) fn for_work_of(mut self, technician: Option<Id<User>>) -> Self {
        self.0.payee = self.payee.or(technician);
        self
    }

    /// Releases the held money to its recipients.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] if nothing is held (any more); [`Rule::UNDER_REVIEW`].
    pub fn release(self, context: &Context<'_>) -> Result<Decision<Self>> {
        if self.is_under_review() {
            return Err(self.refuse(Rule::UNDER_REVIEW, "staff must review the payment first"));
        }
        let shares = self.net_shares()?;
        self.share_out(&shares, context)
    }

    /// Releases the held money in these shares, which sum to it.
    fn share_out(mut self, shares: &Shares, context: &Context<'_>) -> Result<Decision<Self>> {
        let Some(booking) = self.booking.filter(|_| self.escrow.held) else {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "no money is held for the payment"));
        };
        let technician =
            self.payee.ok_or_else(|| self.refuse(Rule::NOT_ELIGIBLE, "the booking has no technician"))?;
        self.0.escrow.held = false;
        self.0.escrow.released_at = Some(context.now);
        self.schedule_settlement(context);
        let held = shares.total()?;
        let Shares { payout, platform, processing, withholding } = *shares;
        let earned = StatsDelta { earned: Some(payout), ..StatsDelta::default() };
        Decision::new(self)
            .count(Some(technician), earned)
            .event(PaymentEvent::EscrowReleased { booking, amount: held })
            .post(
                "escrow released",
                context,
                [
                    (Account::Escrow(booking), held.negated()),
                    (Account::Payable(technician), payout),
                    (Account::PlatformRevenue, platform),
                    (Account::ProcessingRevenue, processing),
                    (Account::WithholdingPayable, withholding),
                ],
            )
    }

    /// Schedules the settlement for the next batch of payouts.
    pub(super) fn schedule_settlement(&mut self, context: &Context<'_>) {
        self.0.settlement.scheduled_for = Some(context.policy.next_settlement(context.now));
    }

    /// Settles held money after a cancellation: of the fee, the platform keeps its part and the technician
    /// gets the rest; the remaining money is refunded to the payer.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] if nothing is held; [`Rule::UNDER_REVIEW`] while the payer's bank decides
    /// on it; errors of the ledger.
    pub(crate) fn cancel_held(
        self,
        fee: Money,
        platform: Money,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if self.is_contested() {
            return Err(self.refuse(Rule::UNDER_REVIEW, "the payer's bank must decide first"));
        }
        if self.has_open_move() {
            let message =
                "the provider moved money of the payment without our order; staff must decide on that first";
            return Err(self.refuse(Rule::UNDER_REVIEW, message));
        }
        let captured = self.captured()?;
        let zero = Money::zero(captured.currency());
        let kept =
            Shares { payout: fee.checked_sub(platform)?, platform, processing: zero, withholding: zero };
        let back = captured.checked_sub(fee)?;
        if back.is_zero() {
            // Nothing is refunded. Only the shares change, by a zero refund.
            return self.reshared(&kept)?.share_out(&kept, context);
        }
        let portions = self.net_shares()?.checked_sub(kept)?;
        let sources = self.sources(&portions)?;
        let reason = "the booking was cancelled";
        let returned = Decision::new(self).refund_from(back, Some(portions), sources, reason, context)?;
        if fee.is_zero() {
            return Ok(returned);
        }
        returned.and_then(|transaction| transaction.share_out(&kept, context))
    }

    /// Changes the shares: records a zero refund whose portions move money between the parties.
    fn reshared(mut self, shares: &Shares) -> Result<Self> {
        let moved = self.net_shares()?.checked_sub(*shares)?;
        let zero = Money::zero(self.amount.currency());
        self.0.refunds.push(super::Refund {
            element: None,
            transaction: None,
            amount: zero,
            portions: moved,
            reason: "shared anew".to_owned(),
            refunded_at: self.updated_at,
        });
        Ok(self)
    }

    /// Freezes the technician's released share until a dispute is resolved, whether or not it was paid out.
    ///
    /// # Errors
    /// Errors of the ledger.
    pub(crate) fn freeze(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let share = self.net_shares()?.payout;
        // The platform never had the cash; the technician has it.
        let passed_through = self.method != PaymentMethod::Cash;
        let released = passed_through && self.escrow.released_at.is_some() && self.escrow.frozen.is_none();
        let Some(technician) = self.payee.filter(|_| released && !share.is_zero() && !share.is_negative())
        else {
            return Ok(Decision::new(self));
        };
        self.0.escrow.frozen = Some(share);
        let (id, booking) = (self.id, self.booking);
        Decision::new(self).event(PaymentEvent::EscrowFrozen { booking, amount: share }).post(
            "share frozen",
            context,
            [(Account::Payable(technician), share.negated()), (Account::Reserved(id), share)],
        )
    }

    /// Returns to the technician what remains of the frozen share after a dispute.
    ///
    /// # Errors
    /// Errors of the ledger.
    pub(crate) fn unfreeze(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let Some(left) = self.0.escrow.frozen.take() else {
            return Ok(Decision::new(self));
        };
        let technician =
            self.payee.ok_or_else(|| self.refuse(Rule::NOT_ELIGIBLE, "the booking has no technician"))?;
        self.schedule_settlement(context);
        let (id, booking) = (self.id, self.booking);
        Decision::new(self).event(PaymentEvent::EscrowThawed { booking, amount: left }).post(
            "share given free",
            context,
            [(Account::Reserved(id), left.negated()), (Account::Payable(technician), left)],
        )
    }

    /// Applies a dispute's resolution to the payment: `back` is refunded to the payer, and the rest goes to
    /// its recipients.
    ///
    /// # Errors
    /// [`Rule::UNDER_REVIEW`] if a part would be released of a payment that needs manual review; errors of
    /// [`check_refund`](Self::check_refund); errors of the ledger.
    pub(crate) fn resolve(self, back: Money, context: &Context<'_>) -> Result<Decision<Self>> {
        if self.is_blocked() || (self.is_under_review() && back != self.captured()?) {
            return Err(self.refuse(Rule::UNDER_REVIEW, "staff must review the payment first"));
        }
        let returned = if back.is_zero() {
            Decision::new(self)
        } else {
            self.refund(back, "dispute resolved", context)?
        };
        returned.and_then(|transaction| {
            if transaction.escrow.held {
                let shares = transaction.net_shares()?;
                return transaction.share_out(&shares, context);
            }
            transaction.unfreeze(context)
        })
    }
}
