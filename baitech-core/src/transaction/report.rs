//! What providers report without being asked: claimed payments, receipts, returned money.

use super::{Context, NewMove, PaymentEvent, Proof, Returned, Transaction};
use crate::{
    decide::Decision,
    kernel::{Money, Result},
};

/// How a notice arrived, and what else is known besides the transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    /// Whether the provider has signed the call.
    pub(crate) signed: bool,
    /// Whether the owner of an empty wallet owes the amount.
    pub(crate) on_credit: bool,
    /// The part of a running total of returns that is already known.
    pub(crate) explained: Money,
}

impl Transaction {
    /// Books money that the provider moved back, possibly without our order.
    pub(crate) fn returned(
        mut self,
        returned: &Returned,
        report: &Report,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let known_to_have_moved = self.status.is_settled() || self.is_mismatched();
        if !known_to_have_moved {
            // The transaction counts as not carried out, so its money was already returned to its source.
            return Ok(Decision::new(self));
        }
        let new = NewMove { id: None, amount: None, proven: report.signed, on_credit: report.on_credit };
        match returned {
            Returned::Total { amount } => {
                let left = amount.checked_sub(report.explained)?;
                if left.is_zero() || left.is_negative() {
                    return Ok(Decision::new(self));
                }
                self.moved_by_provider(&NewMove { amount: Some(left), ..new }, context)
            }
            Returned::One { id, amount, failed: true } => {
                if self.move_named(id).is_none() {
                    return Ok(self.move_failed(id, *amount, context));
                }
                let decision = self.open_move_failed(id, context)?;
                // An unsigned call does not credit a wallet.
                if !report.signed {
                    return Ok(decision);
                }
                decision.and_then(|transaction| transaction.booked_move_failed(id, context))
            }
            Returned::One { id, .. } if self.move_named(id).is_some() => Ok(Decision::new(self)),
            Returned::One { id, amount, failed: false } => {
                let left = match amount {
                    Some(amount) => Some(self.name_move(id, *amount)?),
                    None => None,
                };
                if left.is_some_and(Money::is_zero) {
                    return Ok(Decision::new(self));
                }
                self.moved_by_provider(&NewMove { id: Some(id), amount: left, ..new }, context)
            }
        }
    }

    /// Whether an unsigned proof is about an amount so large that a query must confirm it.
    pub(crate) fn needs_confirmation(&self, proof: &Proof, context: &Context<'_>) -> bool {
        let gross = self.amount.gross;
        // A limit in another currency cannot be compared with this amount; then the provider is queried.
        let large = gross.exceeds(context.policy.confirm_above).unwrap_or(true);
        let as_asked = proof.amount.is_none_or(|amount| amount == gross);
        large && as_asked && self.kind.is_incoming() && !self.status.is_settled() && !self.is_mismatched()
    }

    /// Queries the provider about a payment that an unverified call may report.
    pub(crate) fn doubted(mut self, context: &Context<'_>) -> Decision<Self> {
        let is_asked = self.status.is_open() && !self.wants_sending() && !self.is_mismatched();
        if self.kind.is_incoming() && is_asked && !self.gateway.awaits_confirmation {
            self.0.gateway.awaits_confirmation = true;
            self.0.gateway.next_at = Some(context.now);
        }
        Decision::new(self)
    }

    /// Records what an unsigned call claims, and queries the provider about it.
    pub(crate) fn claimed_settled(mut self, proof: &Proof, context: &Context<'_>) -> Decision<Self> {
        let link = &mut self.0.gateway;
        link.awaits_confirmation = true;
        link.next_at = Some(context.now);
        link.reference = link.reference.take().or_else(|| proof.reference.clone());
        link.receipt = link.receipt.take().or_else(|| proof.receipt.clone());
        Decision::new(self)
    }

    /// Records the receipt of a settled payment. Details that contradict it need manual review.
    pub(crate) fn detailed(mut self, proof: &Proof) -> Decision<Self> {
        if !self.status.is_settled() {
            return Decision::new(self);
        }
        if proof.amount.is_some_and(|amount| amount != self.amount.gross) {
            self.0.gateway.needs_person = true;
            return Decision::new(self).event(PaymentEvent::PaymentNeedsPerson);
        }
        let known = self.gateway.receipt.as_ref();
        if known.is_some() && proof.receipt.is_some() && known != proof.receipt.as_ref() {
            // An operation has one receipt. The provider's own page shows which of two is right.
            self.0.gateway.needs_person = true;
            return Decision::new(self).event(PaymentEvent::PaymentNeedsPerson);
        }
        if self.gateway.receipt.is_none() {
            self.0.gateway.receipt.clone_from(&proof.receipt);
        }
        Decision::new(self)
    }
}
