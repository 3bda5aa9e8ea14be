//! Manual decisions on payments.

use serde::Serialize;

use super::Context;
use super::{FraudCheck, FraudReview, MismatchKind, MoveDoubt, MoveState, PaymentEvent, Transaction};
use crate::{
    decide::Decision,
    kernel::{Error, Result, Rule},
};

/// Why a transaction needs manual review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PersonTask {
    /// Whether it is fraud: [`Payments::review`](crate::payment::Payments::review).
    FraudReview,
    /// The card holder contests it with the bank, which decides on the submitted evidence.
    Chargeback,
    /// The bank has reported contradictory verdicts on a chargeback:
    /// [`Payments::decide_verdict`](crate::payment::Payments::decide_verdict).
    Verdict,
    /// The provider moved money back without our order, and it could not be booked automatically:
    /// [`Payments::decide_provider_move`](crate::payment::Payments::decide_provider_move).
    ProviderMove(MoveDoubt),
    /// A payment does not match the request:
    /// [`Payments::decide_mismatch`](crate::payment::Payments::decide_mismatch).
    WrongMoney(MismatchKind),
    /// Its outcome is unknown: [`Payments::decide_outcome`](crate::payment::Payments::decide_outcome).
    UnknownOutcome,
}

impl Transaction {
    /// Whether it needs manual review: a fraud review, a mismatched payment, an unknown outcome, a
    /// chargeback, or money that the provider moved back without our order.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        self.is_under_review() || self.is_mismatched() || self.gateway.needs_person
    }

    /// The manual decisions that it needs: at least one exactly where [`needs_person`](Self::needs_person) is
    /// true.
    #[must_use]
    pub fn person_tasks(&self) -> Vec<PersonTask> {
        let wrong = self.mismatch.as_ref().filter(|mismatch| mismatch.decided.is_none());
        let unknown = self.gateway.needs_person && wrong.is_none();
        let contradicted = self.chargeback.as_ref().is_some_and(|chargeback| chargeback.contradicted);
        let open = self.provider_moves.iter().find(|moved| moved.state == MoveState::Open);
        [
            self.fraud.as_ref().is_some_and(FraudCheck::is_open).then_some(PersonTask::FraudReview),
            (self.is_contested() && !contradicted).then_some(PersonTask::Chargeback),
            contradicted.then_some(PersonTask::Verdict),
            open.map(|moved| PersonTask::ProviderMove(moved.doubt.unwrap_or(MoveDoubt::Policy))),
            wrong.map(|mismatch| PersonTask::WrongMoney(mismatch.kind)),
            unknown.then_some(PersonTask::UnknownOutcome),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Staff review a payment that was held. A payment that is not approved is refunded in full.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is a member of staff and neither the payer nor the payee;
    /// [`Rule::ALREADY_DECIDED`]; errors of the ledger.
    pub fn reviewed(mut self, approved: bool, context: &Context<'_>) -> Result<Decision<Self>> {
        Self::require_staff(&context.actor)?;
        self.require_disinterested(&context.actor, context.inputs.booking)?;
        let reviewed_by =
            context.actor.id().ok_or_else(|| Error::forbidden("only a user can decide this"))?;
        let reviewed_at = context.now;
        match self.0.fraud.as_mut().filter(|fraud| fraud.is_open()) {
            Some(fraud) => fraud.review = Some(FraudReview { approved, reviewed_by, reviewed_at }),
            None => return Err(self.refuse(Rule::ALREADY_DECIDED, "no review is pending")),
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
}
