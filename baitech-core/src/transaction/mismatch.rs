//! Payments that do not match the request, and second payments. The money is held apart until staff decide,
//! or is returned.

use super::Context;
use super::{
    Amount, Cause, Mismatch, MismatchKind, NewTransaction, OnSecondReceipt, PaymentEvent, Proof, Transaction,
    TransactionKind, TransactionStatus, settle::RECEIPT_CLAIMS,
};
use crate::{
    decide::Decision,
    kernel::{Error, Money, Result, Rule, Text},
    ledger::Account,
};

impl Transaction {
    /// Whether a payment arrived that does not match the request and is undecided.
    #[must_use]
    pub fn is_mismatched(&self) -> bool {
        self.mismatch.as_ref().is_some_and(|mismatch| mismatch.decided.is_none())
    }

    /// Whether the payer in a proof can be the requested payer.
    pub(super) fn can_be_payer(&self, proof: &Proof) -> bool {
        let shown = proof.payer.as_deref().zip(self.gateway.phone.as_deref());
        shown.is_none_or(|(shown, requested)| is_same_number(shown, requested))
    }

    /// Whether a proof reports a second payment: its receipt is not that of the money that has already
    /// arrived, counted or held apart.
    pub(super) fn is_second_payment(&self, proof: &Proof) -> bool {
        let kept_apart = self.mismatch.as_ref().and_then(|mismatch| mismatch.receipt.as_ref());
        let counted = self.gateway.receipt.as_ref();
        // Money that arrived without a receipt may be this money.
        let first = if self.status.is_settled() { counted } else { kept_apart };
        let reported = proof.receipt.as_ref();
        let is_new = first.is_some() && reported.is_some() && reported != counted && reported != kept_apart;
        is_new && self.kind.is_incoming() && self.gateway.provider.is_some()
    }

    /// Whether a proof is of money that staff have decided on.
    pub(super) fn is_decided(&self, proof: &Proof) -> bool {
        let decided = self.mismatch.as_ref().filter(|mismatch| mismatch.decided.is_some());
        decided.is_some_and(|mismatch| mismatch.receipt.is_some() && mismatch.receipt == proof.receipt)
    }

    /// Applies a proof after a mismatch. It counts only if its amount and payer match the request. The money
    /// held apart is then either the same money, which was reported wrongly, or other money, which still
    /// awaits a decision. If the proof does not match and has another receipt, the policy for second receipts
    /// applies.
    pub(super) fn settled_after_mismatch(
        mut self,
        proof: &Proof,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let Some(mismatch) = self.mismatch.clone() else {
            return Ok(Decision::new(self));
        };
        let reports =
            |amount| proof.amount.map_or(mismatch.received.is_none(), |reported| reported == amount);
        let fits =
            reports(self.amount_at_provider()) && (!self.kind.is_incoming() || self.can_be_payer(proof));
        let same = mismatch.receipt == proof.receipt || !self.kind.is_incoming();
        // A report of another payer is corrected only by a proof that names the payer.
        let named = mismatch.kind != MismatchKind::Payer || !same || proof.payer.is_some();
        if !fits || !named {
            let another = self.is_second_payment(proof);
            return if another { self.second_payment(proof, context) } else { Ok(Decision::new(self)) };
        }
        let kept = mismatch.received.filter(|_| self.kind.is_incoming());
        match (kept, self.gateway.provider) {
            (Some(amount), Some(provider)) if same => {
                self.0.mismatch = None;
                let back =
                    [(Account::Reserved(self.id), amount.negated()), (Account::Clearing(provider), amount)];
                let corrected =
                    Decision::new(self).post("correction of the reported amount", context, back)?;
                // The wrong report has already claimed the receipt.
                corrected.and_then(|transaction| transaction.take_in(proof, context)).map(unclaimed)
            }
            (Some(_), _) => self.take_in(proof, context),
            (None, _) => {
                self.0.mismatch = None;
                self.take_in(proof, context)
            }
        }
    }

    /// Handles a second payment with its own receipt, as the policy says.
    pub(super) fn second_payment(self, proof: &Proof, context: &Context<'_>) -> Result<Decision<Self>> {
        match context.policy.on_second_receipt {
            OnSecondReceipt::Hold => self.hold_second_payment(proof, context),
            OnSecondReceipt::Refund => self.refund_second_payment(proof, context),
        }
    }

    /// Holds a second payment apart, as a transaction of its own that awaits a decision. Nothing is refunded
    /// yet, because the call may not be the provider's.
    fn hold_second_payment(self, proof: &Proof, context: &Context<'_>) -> Result<Decision<Self>> {
        let amount = proof.amount.unwrap_or(self.amount_at_provider());
        let new = NewTransaction {
            payer: self.payer,
            provider: self.gateway.provider,
            phone: proof.payer.clone().or_else(|| self.gateway.phone.clone()),
            account: self.gateway.account.clone(),
            reason: Some(Text::from_stored(format!("second receipt of {}", self.number))),
            ..NewTransaction::new(TransactionKind::WalletTopup, self.method, Amount::whole(amount))
        };
        let mut begun = Self::begin(new, context)?;
        begun.next.0.gateway.sent_at = Some(context.now);
        let receipt = proof.receipt.clone();
        let held = begun
            .and_then(|second| second.mismatched(MismatchKind::Reference, Some(amount), receipt, context))?;
        Ok(Decision::new(self).create(held))
    }

    /// Refunds a second payment at once, in a transaction of its own.
    pub(super) fn refund_second_payment(
        self,
        proof: &Proof,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let amount = proof.amount.unwrap_or(self.amount_at_provider());
        let (Some(provider), Some(receipt)) = (self.gateway.provider, &proof.receipt) else {
            return Ok(Decision::new(self));
        };
        let refund = self.refund_of(amount, "paid twice", context)?;
        let postings =
            [(Account::Clearing(provider), amount.negated()), (Account::Reserved(refund.next.id), amount)];
        let refund = refund.post("second payment", context, postings)?;
        let claim = self.receipt_claim(Some(receipt));
        let requested = PaymentEvent::RefundRequested { original: self.id, amount };
        Ok(Decision::new(self).event(requested).take_all(claim).create(refund))
    }

    /// Holds money apart that does not match the request, and posts it, since it has arrived.
    pub(crate) fn mismatched(
        mut self,
        kind: MismatchKind,
        received: Option<Money>,
        receipt: Option<String>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if self.is_mismatched() {
            return Ok(Decision::new(self));
        }
        // A report about another operation does not stop the queries about this one.
        if kind != MismatchKind::Reference {
            self.0.gateway.next_at = None;
        }
        self.0.gateway.needs_person = true;
        let claim = self.receipt_claim(receipt.as_deref().filter(|_| received.is_some()));
        self.0.mismatch = Some(Mismatch { kind, received, receipt, at: context.now, decided: None });
        let (id, arrived) = (self.id, self.gateway.provider.map(Account::Clearing));
        let came_in = self.kind.is_incoming();
        let event = PaymentEvent::PaymentMismatched { mismatch: kind, received };
        let decision = Decision::new(self).event(event).take_all(claim);
        match (arrived, received.filter(|amount| came_in && !amount.is_zero() && !amount.is_negative())) {
            (Some(clearing), Some(amount)) => {
                let postings = [(clearing, amount.negated()), (Account::Reserved(id), amount)];
                decision.post("payment kept apart", context, postings)
            }
            _ => Ok(decision),
        }
    }

    /// Staff decide on a payment that does not match the request: it is refunded to its payer, or counts as
    /// the payment. A shortfall then becomes the platform's discount, and an excess goes into the payer's
    /// wallet.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is a member of staff and neither the payer nor the payee;
    /// [`Rule::ALREADY_DECIDED`] if no decision is pending; [`Rule::TRANSITION`] if the booking does not
    /// await a payment (any more), or if too little arrived and the payment is not for a booking.
    pub fn decide_mismatch(mut self, complete: bool, context: &Context<'_>) -> Result<Decision<Self>> {
        Self::require_staff(&context.actor)?;
        self.require_disinterested(&context.actor, context.inputs.booking)?;
        let by = context.actor.id().ok_or_else(|| Error::forbidden("only a user can decide this"))?;
        let received = match self.0.mismatch.as_mut().filter(|mismatch| mismatch.decided.is_none()) {
            Some(mismatch) => {
                mismatch.decided = Some((context.now, by));
                mismatch.received
            }
            None => return Err(self.refuse(Rule::ALREADY_DECIDED, "no decision is pending")),
        };
        self.0.gateway.needs_person = false;
        let event = PaymentEvent::PaymentMismatchResolved { completed: complete };
        let Some(received) = received else {
            // No money is known to have arrived, so the provider is queried again.
            self.0.gateway.next_at = Some(context.now);
            return Ok(Decision::new(self).event(event));
        };
        if !complete {
            let ended = self.fail_received(context)?;
            let from = [(Account::Reserved(ended.next.id), received)];
            return Ok(ended
                .refund_from(received, None, from, "the amount or payer differs from the request", context)?
                .event(event));
        }
        if self.status.is_settled() {
            return Err(self.refuse(
                Rule::TRANSITION,
                "the payment has already arrived, so this money can only be refunded",
            ));
        }
        let gross = self.amount.gross;
        if received.currency() != gross.currency() {
            return Err(self.refuse(Rule::TRANSITION, "money in another currency can only be refunded"));
        }
        if self.is_orphan(context.inputs.booking) {
            return Err(self.refuse(Rule::TRANSITION, "the booking no longer awaits a payment"));
        }
        let (id, payer) = (self.id, self.required(self.payer)?);
        let receipt = self.mismatch.as_ref().and_then(|mismatch| mismatch.receipt.clone());
        self.0.gateway.receipt = self.0.gateway.receipt.take().or(receipt);
        let before = self.status;
        let rest = received.checked_sub(gross)?;
        // The platform may lower a booking's price. A wallet or a technician gets no more than has arrived.
        if rest.is_negative() && self.kind != TransactionKind::BookingPayment {
            return Err(
                self.refuse(Rule::TRANSITION, "the amount is too low, so the money can only be refunded")
            );
        }
        let completed = self.complete(before, Some(Account::Reserved(id)), context)?.event(event);
        let counterpart = if rest.is_negative() { Account::Discounts } else { Account::Wallet(payer) };
        completed.post(
            "difference of a payment",
            context,
            [(Account::Reserved(id), rest.negated()), (counterpart, rest)],
        )
    }

    /// Fails a payment for which only the wrong money arrived.
    pub(super) fn fail_received(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        if self.status.is_open() {
            let end = (TransactionStatus::Failed, Cause::Declined);
            return self.fail("mismatch", "the amount or payer differs from the request", end, context);
        }
        self.0.gateway.next_at = None;
        Ok(Decision::new(self))
    }
}

/// The decision without a claim on a receipt.
fn unclaimed(mut decision: Decision<Transaction>) -> Decision<Transaction> {
    decision.effects.take.retain(|claim| claim.key.space() != RECEIPT_CLAIMS);
    decision
}

/// Whether a number that a provider shows, perhaps masked (`2547****5678`) or without its country code, can
/// be the requested number.
fn is_same_number(shown: &str, requested: &str) -> bool {
    let digits = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | 'x' | 'X')).collect()
    };
    let (shown, requested) = (digits(shown), digits(requested));
    // Hashes and names prove nothing, and therefore contradict nothing.
    if shown.len() < 9 || shown.len() > 15 {
        return true;
    }
    let same = |(shown, requested): (&char, &char)| !shown.is_ascii_digit() || shown == requested;
    shown.iter().rev().zip(requested.iter().rev()).take(9).all(same)
}

#[cfg(test)]
mod tests {
    use super::is_same_number;

    #[test]
    fn masked_numbers_are_compared_by_their_visible_digits() {
        for shown in ["254712345678", "+254712345678", "0712345678", "2547****5678", "07XXXX5678", "a1b2c3"] {
            assert!(is_same_number(shown, "+254712345678"), "{shown}");
        }
        for shown in ["254712345679", "2547****5679", "0722345678"] {
            assert!(!is_same_number(shown, "+254712345678"), "{shown}");
        }
    }
}
