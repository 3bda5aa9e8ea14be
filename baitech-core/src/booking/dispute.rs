use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Booking, BookingEvent, BookingStatus, Context, Party, PaymentStatus};
use crate::{
    account::{Image, User},
    decide::Decision,
    kernel::{Actor, Code, ElementId, Id, Money, Result, Rule, Text, Violation, Violations, after},
};

/// The maximum number of pieces of evidence per person.
const MAX_EVIDENCE: usize = 20;

/// What a dispute is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum DisputeCategory {
    Quality,
    Price,
    Damage,
    NotDone,
    Conduct,
    Payment,
    #[default]
    Other,
}

/// The state of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// Raised.
    #[default]
    Open,
    /// Staff is looking into it.
    Investigating,
    /// Staff has decided.
    Resolved,
    /// The case is closed; nothing is left to do.
    Closed,
}

/// A piece of evidence from one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// Who submitted it.
    pub submitted_by: Id<User>,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// The description.
    pub text: Text<1000>,
    /// Pictures, at most five.
    pub images: Vec<Image>,
}

/// The decision of staff. All money moves in the commit of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "amount")]
pub enum DisputeOutcome {
    /// All money is refunded.
    FullRefund,
    /// This amount is refunded, above zero and below the total. The technician and the platform get the rest.
    PartialRefund(Money),
    /// Nothing is refunded: the work counts as done.
    Release,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    /// What was decided.
    #[serde(flatten)]
    pub outcome: DisputeOutcome,
    /// Who decided.
    pub resolved_by: Id<User>,
    /// When it was decided.
    pub resolved_at: DateTime<Utc>,
    /// The reasons.
    pub notes: Text<1000>,
}

/// A dispute over a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dispute {
    /// Who raised it.
    pub raised_by: Id<User>,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// The status it was raised from; unknown in bookings of the earlier application.
    pub raised_from: Option<BookingStatus>,
    /// The complaint, in words.
    pub reason: Text<1000>,
    /// What it is about.
    pub category: DisputeCategory,
    /// The state of the dispute.
    pub status: DisputeStatus,
    /// When it was flagged as taking too long.
    pub escalated_at: Option<DateTime<Utc>>,
    /// The evidence of both sides.
    pub evidence: Vec<Evidence>,
    /// What was decided.
    pub resolution: Option<Resolution>,
}

/// A validated complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeClaim {
    /// The complaint, in words.
    pub reason: Text<1000>,
    /// What it is about.
    pub category: DisputeCategory,
}

impl Booking {
    /// A party contests the work or the bill. No money moves until staff have decided.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::ALREADY_DECIDED`] after an earlier dispute; [`Rule::TOO_LATE`] past the
    /// window after `paid`.
    pub fn dispute(mut self, claim: DisputeClaim, context: &Context<'_>) -> Result<Decision<Self>> {
        if self.dispute.is_some() {
            let message = "the booking was already disputed and decided";
            return Err(self.refuse(Rule::ALREADY_DECIDED, message, &context.actor));
        }
        let window_ends = after(self.entered_at(), context.policy.dispute_window);
        if self.status == BookingStatus::Paid && context.now > window_ends {
            return Err(self.refuse(
                Rule::TOO_LATE,
                "the time limit for a dispute has passed",
                &context.actor,
            ));
        }
        let raised_from = self.status;
        let reason = claim.reason.as_str().to_owned();
        let Some(raised_by) = context.actor.id() else {
            return Err(self.refuse(Rule::TRANSITION, "only a party can open a dispute", &context.actor));
        };
        self.0.dispute = Some(Dispute {
            raised_by,
            raised_at: context.now,
            raised_from: Some(raised_from),
            reason: claim.reason,
            category: claim.category,
            status: DisputeStatus::Open,
            escalated_at: None,
            evidence: Vec::new(),
            resolution: None,
        });
        let disputed = Decision::new(self).step(BookingStatus::Disputed, context, Some(&reason))?;
        disputed.with_payments(context, |payment, _| Ok(Some(payment.freeze(&context.for_transactions())?)))
    }

    /// A party or staff adds evidence.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless disputed; violations of `images`; a violation of `evidence` after twenty
    /// pieces from the same person.
    pub fn add_evidence(
        mut self,
        text: Text<1000>,
        images: Vec<Image>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let actor = context.actor;
        self.require_party(&[Party::Customer, Party::Technician, Party::Admin, Party::Support], &actor)?;
        self.require_status(&[BookingStatus::Disputed], "adding evidence", &actor)?;
        let mut violations = Violations::new();
        let images = Image::check_all(&images, &mut violations);
        let own = |evidence: &&Evidence| Some(evidence.submitted_by) == actor.id();
        let before = self.dispute.iter().flat_map(|dispute| &dispute.evidence).filter(own).count();
        if before >= MAX_EVIDENCE {
            let message = format!("must have at most {MAX_EVIDENCE} pieces of evidence per person");
            violations.push(Violation::new("evidence", Code::TooMany, message));
        }
        violations.into_result()?;
        let element = Some(context.id());
        if let (Some(by), Some(dispute)) = (actor.id(), self.0.dispute.as_mut()) {
            let submitted_at = context.now;
            dispute.evidence.push(Evidence { element, submitted_by: by, submitted_at, text, images });
            return Ok(Decision::new(self).event(BookingEvent::BookingEvidenceAdded { by }));
        }
        Err(self.refuse(Rule::TRANSITION, "the booking is not disputed", &actor))
    }

    /// Staff start to investigate the dispute.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless there is an open dispute;
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor is staff.
    pub fn investigate_dispute(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_party(&[Party::Admin, Party::Support], &context.actor)?;
        self.set_dispute_status(DisputeStatus::Open, DisputeStatus::Investigating, context)
            .map(|decision| decision.event(BookingEvent::BookingDisputeInvestigated))
    }

    /// Closes a resolved dispute.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless the dispute is resolved;
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor is staff.
    pub fn close_dispute(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_party(&[Party::Admin, Party::Support], &context.actor)?;
        self.set_dispute_status(DisputeStatus::Resolved, DisputeStatus::Closed, context)
            .map(|decision| decision.event(BookingEvent::BookingDisputeClosed))
    }

    /// Flags a dispute that takes too long.
    ///
    /// # Errors
    /// [`Rule::TOO_EARLY`] before that; [`Rule::ALREADY_DECIDED`] if it was already flagged or decided.
    pub fn escalate_dispute(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let actor = context.actor;
        match self.0.dispute.as_mut() {
            Some(dispute) if dispute.escalated_at.is_none() && dispute.resolution.is_none() => {
                if context.now < after(dispute.raised_at, context.policy.dispute_escalation) {
                    return Err(self.refuse(
                        Rule::TOO_EARLY,
                        "the dispute is not old enough to be escalated",
                        &actor,
                    ));
                }
                dispute.escalated_at = Some(context.now);
            }
            Some(_) | None => {
                return Err(self.refuse(
                    Rule::ALREADY_DECIDED,
                    "the dispute is already escalated or decided",
                    &actor,
                ));
            }
        }
        Ok(Decision::new(self).event(BookingEvent::BookingDisputeEscalated))
    }

    /// Staff resolve the dispute. All money of the decision moves in the same commit: back to the customer,
    /// or on to the technician.
    ///
    /// After a release the booking advances to `paid` if it is paid for; otherwise it awaits payment again.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::PAYMENT_REQUIRED`] for a partial refund of money that never arrived;
    /// [`Rule::PAYMENT_METHOD`] for a refund of money without a recorded transaction; a violation of `amount`
    /// for an amount that is not a part.
    pub fn resolve_dispute(
        mut self,
        outcome: DisputeOutcome,
        notes: Text<1000>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let Actor::User { id: resolved_by, .. } = context.actor else {
            return Err(self.refuse(Rule::TRANSITION, "only a user can resolve a dispute", &context.actor));
        };
        // A release ends in `completed`, which other transitions reach as well. Only staff's transition may
        // be used here.
        self.require_status(&[BookingStatus::Disputed], "resolving a dispute", &context.actor)?;
        self.require_transition(BookingStatus::Refunded, &context.actor)?;
        let captured = self.captured_of(context)?;
        let refund = match outcome {
            DisputeOutcome::Release => Money::zero(captured.currency()),
            DisputeOutcome::FullRefund => captured,
            DisputeOutcome::PartialRefund(amount) => {
                self.check_partial_refund(amount, captured, context)?;
                amount
            }
        };
        if let Some(dispute) = self.0.dispute.as_mut() {
            dispute.status = DisputeStatus::Resolved;
            dispute.resolution = Some(Resolution { outcome, resolved_by, resolved_at: context.now, notes });
        }
        let resolved = BookingEvent::BookingDisputeResolved { outcome };
        if outcome == DisputeOutcome::Release {
            let system = &context.as_system();
            return Decision::new(self)
                .event(resolved)
                .resolve_payment(refund, context)?
                .step(BookingStatus::Completed, context, Some("dispute resolved"))?
                .step(BookingStatus::Verified, system, Some("dispute resolved"))?
                .follow_automatic_steps(context);
        }
        if !refund.is_zero() {
            let partial = matches!(outcome, DisputeOutcome::PartialRefund(_));
            self.0.payment.status =
                if partial { PaymentStatus::PartiallyRefunded } else { PaymentStatus::Refunded };
        }
        Decision::new(self)
            .event(resolved)
            .step(BookingStatus::Refunded, context, Some("dispute resolved"))?
            .resolve_payment(refund, context)
    }

    fn check_partial_refund(&self, amount: Money, captured: Money, context: &Context<'_>) -> Result<()> {
        let violation = |code, message: String| Violation::new("amount", code, message);
        if amount.currency() != captured.currency() {
            let message = format!("the booking was paid in {}", captured.currency().code());
            return Err(violation(Code::Currency, message).into());
        }
        let most = if captured.is_zero() { self.pricing.total } else { captured };
        if amount.is_zero() || amount.is_negative() || !most.exceeds(amount)? {
            let message = format!("must be above zero and below {most}");
            return Err(violation(Code::OutOfRange, message).into());
        }
        if amount != amount.to_minor_unit() {
            let message = "must have no fraction of the smallest unit".to_owned();
            return Err(violation(Code::Malformed, message).into());
        }
        if captured.is_zero() {
            let message = "the booking is not paid, so no part can be refunded";
            return Err(self.refuse(Rule::PAYMENT_REQUIRED, message, &context.actor));
        }
        Ok(())
    }

    fn set_dispute_status(
        mut self,
        from: DisputeStatus,
        to: DisputeStatus,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        match self.0.dispute.as_mut().filter(|dispute| dispute.status == from) {
            Some(dispute) => dispute.status = to,
            None => return Err(self.refuse(Rule::TRANSITION, "the dispute does not exist", &context.actor)),
        }
        Ok(Decision::new(self))
    }
}
