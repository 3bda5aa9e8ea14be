use super::{ApprovalStatus, Booking, BookingEvent, BookingStatus, Context, Party, RescheduleProposal};
use crate::schedule::TimeSlot;
use crate::{
    account::User,
    decide::Decision,
    kernel::{Code, Error, Id, Rate, Result, Rule, Text, Violation, after},
    pricing::Pricing,
};

impl Booking {
    /// The customer moves the slot before a technician has accepted, free of charge. The price is recomputed
    /// for the new slot, and may be one technician's own rate. If it rises above the limit of automatic
    /// approval, the company must approve it again.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] from `accepted` on; a violation of `timeSlot` for a slot in the past;
    /// [`Rule::APPROVAL_REQUIRED`] if the company would have to approve but matching has already begun.
    pub fn move_slot(
        mut self,
        slot: TimeSlot,
        (pricing, priced_for): (Pricing, Option<Id<User>>),
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.require_party(&[Party::Customer, Party::Admin, Party::Support], &context.actor)?;
        let movable = [
            BookingStatus::Pending,
            BookingStatus::Matching,
            BookingStatus::Assigned,
            BookingStatus::Rejected,
        ];
        self.require_status(&movable, "moving the slot without the technician's approval", &context.actor)?;
        check_slot(&slot, context)?;
        let needs_approval = self.needs_new_approval(pricing.total, context)?;
        if needs_approval && self.status != BookingStatus::Pending {
            let message = "the higher price of that slot needs the company's approval; cancel the booking and create a new one";
            return Err(self.refuse(Rule::APPROVAL_REQUIRED, message, &context.actor));
        }
        self.0.slot = slot;
        self.0.pricing = pricing;
        self.0.priced_for = priced_for;
        let mut decision = Decision::new(self).event(BookingEvent::BookingRescheduled);
        if let (true, Some(corporate)) = (needs_approval, decision.next.0.corporate.as_mut()) {
            corporate.approval = ApprovalStatus::Pending;
            corporate.decided_by = None;
            corporate.decided_at = None;
            let company = corporate.company;
            decision = decision.event(BookingEvent::BookingApprovalRequested { company });
        }
        Ok(decision)
    }

    /// One side proposes another slot for an accepted job, replacing any earlier proposal.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless `accepted`; a violation of `timeSlot` for a slot in the past.
    pub fn propose_slot(
        mut self,
        slot: TimeSlot,
        reason: Option<Text<500>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.require_party(&[Party::Customer, Party::Technician], &context.actor)?;
        self.require_status(&[BookingStatus::Accepted], "a change of the slot", &context.actor)?;
        check_slot(&slot, context)?;
        let Some(by) = context.actor.id() else {
            return Err(Error::forbidden("only a party can propose a slot"));
        };
        let proposed_at = context.now;
        self.0.reschedule = Some(RescheduleProposal { proposed_by: by, proposed_at, slot, reason });
        Ok(Decision::new(self).event(BookingEvent::BookingRescheduleProposed { by }))
    }

    /// The other side approves. The job and the claims on the technician's time move in one commit. The
    /// approved price stays, and so does the highest cancellation rate that the old slot had reached.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] without a proposal; [`Error::Forbidden`] for the side that proposed; a
    /// violation of `timeSlot` if the proposed slot has begun in the meantime. The commit may be refused with
    /// [`Rule::TIME_SLOT_TAKEN`].
    pub fn approve_slot(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let proposal = self.open_proposal(context)?;
        check_slot(&proposal.slot, context)?;
        let technician = self.payee(context)?;
        let mut free = self.slot.claim_keys(technician);
        let mut take = proposal.slot.claim_keys(technician);
        free.retain(|key| !take.contains(key));
        let kept = self.slot.claim_keys(technician);
        take.retain(|key| !kept.contains(key));
        let reached: Rate = self.cancellation_policy.rate(self.slot.starts_at() - context.now);
        self.0.cancellation_floor = self.cancellation_floor.max(reached);
        self.0.slot = proposal.slot;
        self.0.reschedule = None;
        // An agreement about the old start does not apply to the new one.
        self.0.early_start = None;
        self.schedule_arrival_reminders(context);
        Ok(Decision::new(self).event(BookingEvent::BookingRescheduled).free_all(free).take_all(take))
    }

    /// The other side declines, or the proposing side withdraws the proposal.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] without a proposal.
    pub fn decline_slot(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_party(&[Party::Customer, Party::Technician], &context.actor)?;
        if self.0.reschedule.take().is_none() {
            return Err(self.refuse(
                Rule::ALREADY_DECIDED,
                "no proposed slot awaits a decision",
                &context.actor,
            ));
        }
        Ok(Decision::new(self).event(BookingEvent::BookingRescheduleDeclined))
    }

    fn open_proposal(&self, context: &Context<'_>) -> Result<RescheduleProposal> {
        self.require_party(&[Party::Customer, Party::Technician], &context.actor)?;
        self.require_status(&[BookingStatus::Accepted], "a change of the slot", &context.actor)?;
        let Some(proposal) = self.reschedule.clone() else {
            return Err(self.refuse(
                Rule::ALREADY_DECIDED,
                "no proposed slot awaits a decision",
                &context.actor,
            ));
        };
        let proposer =
            self.parties(&crate::kernel::Actor::user(proposal.proposed_by, crate::kernel::Role::Customer));
        if proposer.meets(self.parties(&context.actor)) {
            return Err(Error::forbidden("only the other side can approve a proposal"));
        }
        Ok(proposal)
    }
}

/// Fails for a slot that has begun or lies too far ahead.
pub(super) fn check_slot(slot: &TimeSlot, context: &Context<'_>) -> Result<(), Violation> {
    if slot.starts_at() <= context.now {
        return Err(Violation::new("timeSlot.startTime", Code::InPast, "must not begin in the past"));
    }
    if slot.starts_at() > after(context.now, context.policy.max_advance) {
        let message = format!("must be at most {} days ahead", context.policy.max_advance.num_days());
        return Err(Violation::new("timeSlot.date", Code::OutOfRange, message));
    }
    Ok(())
}
