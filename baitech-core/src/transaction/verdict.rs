//! Chargebacks, and the bank's verdicts.

use super::Context;
use super::{
    Cause, Chargeback, MoveState, PaidBooking, PaymentEvent, Refund, Transaction, TransactionKind,
    TransactionStatus,
};
use crate::{
    decide::Decision,
    kernel::{Id, Money, Result, Rule},
    ledger::Account,
    pricing::Shares,
    transaction::NewMove,
};

/// The reason of a lost chargeback's refund in the books.
const REASON: &str = "chargeback";

impl Transaction {
    /// The card holder contests the payment with the bank, which has taken the money back for now. Until the
    /// verdict, nothing is released, and what was released is frozen.
    ///
    /// A second contest is separate if the first one is decided. Otherwise it awaits a decision of staff.
    ///
    /// # Errors
    /// Errors of the ledger.
    pub fn contested(
        mut self,
        id: &str,
        amount: Money,
        reason: &str,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let known = self.chargeback.as_ref().is_some_and(|chargeback| chargeback.id == id);
        if known || self.move_named(id).is_some() {
            return Ok(Decision::new(self));
        }
        if self.is_contested() {
            let new_move = NewMove { id: Some(id), amount: Some(amount), proven: true, on_credit: false };
            return self.moved_by_provider(&new_move, context);
        }
        self.0.chargeback = Some(Chargeback {
            id: id.to_owned(),
            amount,
            reason: reason.to_owned(),
            opened_at: context.now,
            won: None,
            contradicted: false,
            refund: None,
        });
        Ok(self.freeze(context)?.event(PaymentEvent::ChargebackOpened { amount }))
    }

    /// Applies the bank's verdict. A loss is booked as a refund that the bank has made itself; whatever
    /// exceeds what is left of the payment is the platform's loss. A frozen share stays frozen while the
    /// booking is `disputed`. If the topped-up wallet is empty by now, its owner owes the amount
    /// (`on_credit`).
    ///
    /// A verdict that contradicts an earlier one is left to staff: a provider's calls arrive in any order, so
    /// the later call need not be the later verdict. No money moves until then.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] if nothing is contested under this id; errors of the ledger.
    pub fn chargeback_closed(
        mut self,
        id: &str,
        won: bool,
        on_credit: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if self.move_named(id).is_some() {
            // Staff decide this contest, and read the verdict on the provider's page.
            return Ok(Decision::new(self));
        }
        let event = PaymentEvent::ChargebackClosed { won };
        match self.0.chargeback.as_mut().filter(|chargeback| chargeback.id == id) {
            None => return Err(self.refuse(Rule::TRANSITION, "the payment has no chargeback with this id")),
            Some(chargeback) if chargeback.won == Some(won) || chargeback.contradicted => {
                return Ok(Decision::new(self));
            }
            Some(chargeback) if chargeback.won.is_some() => {
                chargeback.contradicted = true;
                return Ok(self.freeze(context)?.event(PaymentEvent::PaymentNeedsPerson));
            }
            Some(chargeback) => chargeback.won = Some(won),
        }
        let decision = if won { Decision::new(self) } else { self.lost(on_credit, context)? };
        decision.event(event).unfreeze_unless_blocked(context)
    }

    /// Staff decide which of two contradictory verdicts is right: the booked one stays, or the other one is
    /// booked. Other money that the provider moved waits until the contest is decided, and money that returns
    /// to the parties is frozen until then.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor is a member of staff and
    /// neither the payer nor the payee; [`Rule::ALREADY_DECIDED`] if no contradicting verdict is pending;
    /// errors of the ledger.
    pub fn decide_verdict(
        mut self,
        won: bool,
        on_credit: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        Self::require_staff(&context.actor)?;
        self.require_disinterested(&context.actor, context.inputs.booking)?;
        let booked = match self.0.chargeback.as_mut().filter(|chargeback| chargeback.contradicted) {
            None => return Err(self.refuse(Rule::ALREADY_DECIDED, "no contradicting verdict is pending")),
            Some(chargeback) => {
                chargeback.contradicted = false;
                chargeback.won.replace(won)
            }
        };
        let event = PaymentEvent::ChargebackClosed { won };
        let decision = match (booked, won) {
            (Some(true), false) => self.lost(on_credit, context)?,
            (Some(false), true) => self.recovered(context)?,
            _ => Decision::new(self),
        };
        decision.event(event).unfreeze_unless_blocked(context)
    }

    /// Books the money that the bank has taken.
    fn lost(self, on_credit: bool, context: &Context<'_>) -> Result<Decision<Self>> {
        let Some(lost) = self.chargeback.as_ref().map(|chargeback| chargeback.amount) else {
            return Ok(Decision::new(self));
        };
        let left = self.captured()?;
        let Some(provider) = self.gateway.provider.filter(|_| lost.currency() == left.currency()) else {
            return Ok(Decision::new(self));
        };
        let back = lost.try_min(left)?;
        let beyond = lost.checked_sub(back)?;
        let mut decision =
            self.refund_carried_out(back, beyond, provider, (REASON, None), on_credit, context)?;
        let refund = decision.effects.created.last().map(|created| created.value.id);
        if let Some(chargeback) = decision.next.0.chargeback.as_mut() {
            chargeback.refund = refund;
        }
        Ok(decision)
    }

    /// Books money that the bank has taken and returned: each party gets its part again. If the booking has
    /// ended in the meantime, its payer gets the money.
    fn recovered(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let PaidBooking { is_disputed, has_ended, .. } = context.inputs.booking.unwrap_or_default();
        let Some((amount, refund)) =
            self.0.chargeback.as_mut().map(|chargeback| (chargeback.amount, chargeback.refund.take()))
        else {
            return Ok(Decision::new(self));
        };
        let Some(provider) = self.gateway.provider.filter(|_| amount.currency() == self.amount.currency())
        else {
            return Ok(Decision::new(self));
        };
        let taken = self.refunds.iter().find(|part| refund.is_some() && part.transaction == refund).cloned();
        let zero = Money::zero(amount.currency());
        let mut back = taken.as_ref().map_or(zero, |part| part.amount);
        back = back.checked_sub(self.cover_losses(back, refund)?)?;
        let mut postings = vec![
            (Account::Clearing(provider), amount.negated()),
            (Account::Losses, amount.checked_sub(back)?),
        ];
        let Some(part) = taken.filter(|_| !back.is_zero()) else {
            return Decision::new(self).post("chargeback won after all", context, postings);
        };
        let in_escrow = self.kind == TransactionKind::BookingPayment && self.escrow.released_at.is_none();
        if in_escrow && has_ended {
            let payer = self.required(self.payer)?;
            postings.push((Account::Wallet(payer), back));
            return Decision::new(self).post("chargeback won after all", context, postings);
        }
        let waits = is_disputed || self.has_open_move();
        let portions = part.portions.portions(back)?;
        let mut receivers = self.receivers(&portions, in_escrow)?;
        if let Some(frozen) = self.escrow.frozen.filter(|_| waits) {
            // The technician's returned part joins the frozen share.
            for (account, amount) in &mut receivers {
                if matches!(account, Account::Payable(_)) {
                    *account = Account::Reserved(self.id);
                    self.0.escrow.frozen = Some(frozen.checked_add(*amount)?);
                }
            }
        }
        postings.extend(receivers);
        if in_escrow {
            self.0.escrow.held = true;
        } else {
            self.schedule_settlement(context);
        }
        let none = Shares { payout: zero, platform: zero, processing: zero, withholding: zero };
        self.0.refunds.push(Refund {
            element: Some(context.id()),
            transaction: None,
            amount: back.negated(),
            portions: none.checked_sub(portions)?,
            reason: "chargeback won after all".to_owned(),
            refunded_at: context.now,
        });
        let rest = self.refunded()?;
        let to =
            if rest.is_zero() { TransactionStatus::Completed } else { TransactionStatus::PartiallyRefunded };
        if self.status != to {
            self.transition_to(to, Cause::Recovered)?;
        }
        let decision = Decision::new(self).post("chargeback won after all", context, postings)?;
        if waits { decision.and_then(|transaction| transaction.freeze(context)) } else { Ok(decision) }
    }

    /// What the provider returned to the payer while the bank had the money was a loss. Money that the bank
    /// returns makes up for it before the parties get anything: the payer has it already. Returns the covered
    /// amount, at most `back`, and names `refund` as the refund of these moves.
    fn cover_losses(&mut self, back: Money, refund: Option<Id<Self>>) -> Result<Money> {
        let mut covered = Money::zero(back.currency());
        for moved in &mut self.0.provider_moves {
            let is_loss = moved.state == MoveState::Booked && moved.transaction.is_none();
            let Some(lost) = moved.amount.filter(|lost| is_loss && lost.currency() == back.currency()) else {
                continue;
            };
            let with_it = covered.checked_add(lost)?;
            if !with_it.exceeds(back)? {
                covered = with_it;
                moved.transaction = refund;
            }
        }
        Ok(covered)
    }

    /// The accounts that receive the parties' returned portions.
    fn receivers(&self, portions: &Shares, in_escrow: bool) -> Result<Vec<(Account, Money)>> {
        let whole = portions.total()?;
        if let Some(booking) = self.booking.filter(|_| in_escrow) {
            return Ok(vec![(Account::Escrow(booking), whole)]);
        }
        Ok(match self.kind {
            TransactionKind::WalletTopup => vec![(Account::Wallet(self.required(self.payer)?), whole)],
            TransactionKind::CancellationFee => {
                vec![(Account::Receivable(self.required(self.payer)?), whole)]
            }
            _ => vec![
                (Account::Payable(self.required(self.payee)?), portions.payout),
                (Account::PlatformRevenue, portions.platform),
                (Account::ProcessingRevenue, portions.processing),
                (Account::WithholdingPayable, portions.withholding),
            ],
        })
    }
}
