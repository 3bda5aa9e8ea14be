//! What people decide on payments, and what banks do.

use serde::Serialize;

use super::{
    Chargeback, FraudCheck, FraudReview, MismatchKind, PaymentEvent, Transaction, TransactionKind,
    TransactionStatus,
};
use crate::{
    booking::Context,
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
    /// [`Error::Forbidden`] for others than staff; [`Rule::AlreadyDecided`]; those of the ledger.
    pub fn reviewed(mut self, approved: bool, context: &Context<'_>) -> Result<Decision<Self>> {
        Self::require_staff(&context.actor)?;
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

    /// The bank has decided. What is lost is a refund that the bank has made itself.
    ///
    /// # Errors
    /// [`Rule::Transition`] where nothing is contested under this name; those of the ledger.
    pub fn chargeback_closed(mut self, id: &str, won: bool, context: &Context<'_>) -> Result<Decision<Self>> {
        let event = PaymentEvent::ChargebackClosed { won };
        let lost = match self.0.chargeback.as_mut().filter(|chargeback| chargeback.id == id) {
            None => return Err(self.refuse(Rule::Transition, "nothing is contested under this name")),
            Some(chargeback) if chargeback.won.is_some() => return Ok(Decision::new(self)),
            Some(chargeback) => {
                chargeback.won = Some(won);
                chargeback.amount
            }
        };
        let left = self.captured()?;
        let back = if lost.amount() < left.amount() { lost } else { left };
        if won || back.is_zero() || back.currency() != left.currency() {
            return Ok(self.thaw(context)?.event(event));
        }
        let provider = self.gateway.provider;
        let mut decision = self.taken_by_the_bank(back, context)?.event(event);
        if let (Some(refund), Some(provider)) = (decision.also.as_mut(), provider) {
            // The money is with the payer already: nobody is asked to send it.
            refund.0.status = TransactionStatus::Completed;
            refund.0.completed_at = Some(context.now);
            refund.0.gateway.next_at = None;
            let reserved = Account::Reserved(refund.id);
            decision = decision.post(
                "chargeback",
                context,
                [(reserved, back.negated()), (Account::Clearing(provider), back)],
            )?;
        }
        decision.and_then(|transaction| transaction.thaw(context))
    }

    /// What a bank has taken of a wallet's filling may be spent by now: its owner owes it. All else is given back out of the shares.
    fn taken_by_the_bank(self, amount: Money, context: &Context<'_>) -> Result<Decision<Self>> {
        let Some(owner) = self.payer.filter(|_| self.kind == TransactionKind::WalletTopup) else {
            return self.refund(amount, "chargeback", context);
        };
        let portions = self.net_shares()?.portions(amount)?;
        let number = context.transaction_number()?;
        let debt = [(Account::Receivable(owner), amount)];
        Decision::new(self).give_back(amount, Some(portions), debt, number, "chargeback", context)
    }
}
