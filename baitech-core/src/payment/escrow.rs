//! Held money: released to its receivers, shared anew by a cancellation, or taken back by a dispute until it
//! is decided.

use super::{FraudCheck, PaymentEvent, Transaction};
use crate::{
    account::{StatsDelta, User},
    booking::{Context, PaymentMethod},
    decide::Decision,
    kernel::{Id, Money, Result, Rule},
    ledger::Account,
    pricing::Shares,
};

impl Transaction {
    /// Whether a person still has to look at it.
    #[must_use]
    pub fn is_under_review(&self) -> bool {
        self.fraud.as_ref().is_some_and(FraudCheck::is_open) || self.is_blocked()
    }

    /// Whether a card's holder contests it with the bank, which has not decided or has told both
    /// verdicts.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        let contested = self.chargeback.as_ref();
        contested.is_some_and(|chargeback| chargeback.won.is_none() || chargeback.contradicted)
    }

    /// The payment for this technician's work. One that was made before anybody took the job, as the earlier
    /// application allowed, names nobody until then.
    pub(crate) fn for_work_of(mut self, technician: Option<Id<User>>) -> Self {
        self.0.payee = self.payee.or(technician);
        self
    }

    /// Gives what is held to its receivers.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] where nothing is held (any more); [`Rule::UNDER_REVIEW`].
    pub fn release(self, context: &Context<'_>) -> Result<Decision<Self>> {
        if self.is_under_review() {
            return Err(self.refuse(Rule::UNDER_REVIEW, "a person has to look at this payment first"));
        }
        let shares = self.net_shares()?;
        self.share_out(&shares, context)
    }

    /// Gives what is held to its receivers in these shares, which sum to it.
    fn share_out(mut self, shares: &Shares, context: &Context<'_>) -> Result<Decision<Self>> {
        let Some(booking) = self.booking.filter(|_| self.escrow.held) else {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "nothing is held for this payment"));
        };
        let technician =
            self.payee.ok_or_else(|| self.refuse(Rule::NOT_ELIGIBLE, "no technician did this work"))?;
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

    /// Takes the next batch of payouts into account.
    pub(super) fn schedule_settlement(&mut self, context: &Context<'_>) {
        let policy = context.policy;
        let at = policy.payment.next_settlement(context.now, policy.time_zone);
        self.0.settlement.scheduled_for = Some(at);
    }

    /// Ends what is held after a cancellation: of the fee the platform keeps its part and the technician has
    /// the rest, and all else goes back to the payer.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] where nothing is held; [`Rule::UNDER_REVIEW`] while the payer's bank decides
    /// on it; those of the ledger.
    pub(crate) fn cancel_held(
        self,
        fee: Money,
        platform: Money,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if self.is_contested() {
            return Err(self.refuse(Rule::UNDER_REVIEW, "the payer's bank has to decide first"));
        }
        if self.has_open_move() {
            let message =
                "the provider moved money of it without our order; a person has to decide on that first";
            return Err(self.refuse(Rule::UNDER_REVIEW, message));
        }
        let captured = self.captured()?;
        let zero = Money::zero(captured.currency());
        let kept =
            Shares { payout: fee.checked_sub(platform)?, platform, processing: zero, withholding: zero };
        let back = captured.checked_sub(fee)?;
        if back.is_zero() {
            // Nothing goes back: the shares alone change, by a return of nothing.
            return self.reshared(&kept)?.share_out(&kept, context);
        }
        let portions = self.net_shares()?.checked_sub(kept)?;
        let sources = self.sources(&portions)?;
        let reason = "the booking was cancelled";
        let returned = Decision::new(self).give_back(back, Some(portions), sources, reason, context)?;
        if fee.is_zero() {
            return Ok(returned);
        }
        returned.and_then(|transaction| transaction.share_out(&kept, context))
    }

    /// The shares as they are to be from now on: recorded as a return of nothing, in which the parties give
    /// to each other.
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

    /// Takes the technician's released share back until a dispute is decided, paid out or not.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) fn freeze(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let share = self.net_shares()?.payout;
        // Cash was never with us: the technician has it in hand.
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

    /// Gives the technician back what a dispute has left of the frozen share.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(crate) fn thaw(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let Some(left) = self.0.escrow.frozen.take() else {
            return Ok(Decision::new(self));
        };
        let technician =
            self.payee.ok_or_else(|| self.refuse(Rule::NOT_ELIGIBLE, "no technician did this work"))?;
        self.schedule_settlement(context);
        let (id, booking) = (self.id, self.booking);
        Decision::new(self).event(PaymentEvent::EscrowThawed { booking, amount: left }).post(
            "share given free",
            context,
            [(Account::Reserved(id), left.negated()), (Account::Payable(technician), left)],
        )
    }

    /// What a decided dispute does with the payment: so much goes back to the payer, and the rest to its
    /// receivers.
    ///
    /// # Errors
    /// [`Rule::UNDER_REVIEW`] where a part is to be released of what a person has to look at; those of
    /// [`check_refund`](Self::check_refund); those of the ledger.
    pub(crate) fn resolve(self, back: Money, context: &Context<'_>) -> Result<Decision<Self>> {
        if self.is_blocked() || (self.is_under_review() && back != self.captured()?) {
            return Err(self.refuse(Rule::UNDER_REVIEW, "a person has to look at this payment first"));
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
            transaction.thaw(context)
        })
    }
}
