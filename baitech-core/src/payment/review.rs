//! What people decide on payments, and what banks do.

use serde::Serialize;

use super::{
    Chargeback, FraudCheck, FraudReview, MismatchKind, PaymentEvent, Transaction, TransactionStatus,
};
use crate::{
    booking::{Booking, Context},
    decide::Decision,
    kernel::{Error, Money, Result, Rule},
    ledger::Account,
};

/// What a person has to look at in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PersonTask {
    /// Whether it is a fraud: [`Payments::review`](super::Payments::review).
    FraudReview,
    /// A card's holder contests it with the bank, which decides on the evidence that is sent.
    Chargeback,
    /// Money came that is not what was asked for: [`Payments::decide_mismatch`](super::Payments::decide_mismatch).
    WrongMoney(MismatchKind),
    /// What became of its money: [`Payments::decide_outcome`](super::Payments::decide_outcome).
    UnknownOutcome,
}

impl Transaction {
    /// Whether a person has to look at it: a fraud review, money that is not what was asked for, an outcome that nobody knows, a charge
    /// contested with the bank.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        self.is_under_review() || self.is_mismatched() || self.gateway.needs_person
    }

    /// What a person has to look at in it: something exactly where [`needs_person`](Self::needs_person) is true.
    #[must_use]
    pub fn person_tasks(&self) -> Vec<PersonTask> {
        let wrong = self.mismatch.as_ref().filter(|mismatch| mismatch.decided.is_none());
        let unknown = self.gateway.needs_person && wrong.is_none();
        [
            self.fraud.as_ref().is_some_and(FraudCheck::is_open).then_some(PersonTask::FraudReview),
            self.is_contested().then_some(PersonTask::Chargeback),
            wrong.map(|mismatch| PersonTask::WrongMoney(mismatch.kind)),
            unknown.then_some(PersonTask::UnknownOutcome),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Staff has looked at a payment that was held for review. One that may not go its way goes back whole.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff, and for who has a part in it; [`Rule::AlreadyDecided`]; those of the ledger.
    pub fn reviewed(
        mut self,
        approved: bool,
        booking: Option<&Booking>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        Self::require_staff(&context.actor)?;
        self.require_disinterested(&context.actor, booking)?;
        let reviewed_by = context.actor.id().ok_or_else(|| Error::forbidden("a person decides this"))?;
        let reviewed_at = context.now;
        match self.0.fraud.as_mut().filter(|fraud| fraud.is_open()) {
            Some(fraud) => fraud.review = Some(FraudReview { approved, reviewed_by, reviewed_at }),
            None => return Err(self.refuse(Rule::AlreadyDecided, "there is nothing to review")),
        }
        if self.status.is_open() && self.gateway.authorized_at.is_some() {
            self.0.gateway.next_at = Some(context.now);
        }
        let event = PaymentEvent::PaymentReviewed { approved };
        let captured = self.captured()?;
        if approved || captured.is_zero() {
            return Ok(Decision::new(self).event(event));
        }
        Ok(self.refund(captured, "the payment was not approved", context)?.event(event))
    }

    /// A card's holder contests the payment with the bank, which has taken the money back for now. Nothing is released meanwhile, and
    /// what was released is taken back until it is decided.
    ///
    /// # Errors
    /// Those of the ledger.
    pub fn contested(
        mut self,
        id: &str,
        amount: Money,
        reason: &str,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if self.chargeback.is_some() {
            return Ok(Decision::new(self));
        }
        self.0.chargeback = Some(Chargeback {
            id: id.to_owned(),
            amount,
            reason: reason.to_owned(),
            opened_at: context.now,
            won: None,
        });
        Ok(self.freeze(context)?.event(PaymentEvent::ChargebackOpened { amount }))
    }

    /// The bank has decided. What is lost is a refund that the bank has made itself; so far as it takes more than is left of the payment,
    /// it is the platform's loss. A share that is taken back stays so while the booking is `disputed`. Where the wallet that was topped up is
    /// empty by now, its owner owes the sum (`on_credit`).
    ///
    /// # Errors
    /// [`Rule::Transition`] where nothing is contested under this name; those of the ledger.
    pub fn chargeback_closed(
        mut self,
        id: &str,
        won: bool,
        (disputed, on_credit): (bool, bool),
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let event = PaymentEvent::ChargebackClosed { won };
        let lost = match self.0.chargeback.as_mut().filter(|chargeback| chargeback.id == id) {
            None => return Err(self.refuse(Rule::Transition, "nothing is contested under this name")),
            Some(chargeback) if chargeback.won.is_some() => return Ok(Decision::new(self)),
            Some(chargeback) => {
                chargeback.won = Some(won);
                chargeback.amount
            }
        };
        let thaw = |decision: Decision<Self>| {
            if disputed { Ok(decision) } else { decision.and_then(|transaction| transaction.thaw(context)) }
        };
        let left = self.captured()?;
        if won || lost.currency() != left.currency() {
            return thaw(Decision::new(self).event(event));
        }
        let back = lost.try_min(left)?;
        let (beyond, provider) = (lost.checked_sub(back)?, self.gateway.provider);
        let mut decision = if back.is_zero() {
            Decision::new(self)
        } else if on_credit {
            self.refund_on_credit(back, "chargeback", context)?
        } else {
            self.refund(back, "chargeback", context)?
        };
        decision = decision.event(event);
        let Some(provider) = provider else { return thaw(decision) };
        let mut postings = vec![(Account::Losses, beyond.negated()), (Account::Clearing(provider), lost)];
        if let Some(created) = decision.effects.created.last_mut() {
            let refund = &mut created.value;
            // The money is with the payer already: nobody is asked to send it.
            refund.0.status = TransactionStatus::Completed;
            refund.0.completed_at = Some(context.now);
            refund.0.gateway.next_at = None;
            postings.push((Account::Reserved(refund.id), back.negated()));
        }
        thaw(decision.post("chargeback", context, postings)?)
    }
}
