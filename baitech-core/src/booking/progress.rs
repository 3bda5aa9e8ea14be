//! The progress of a booking from the search for a technician to verified work.

use chrono::{DateTime, Utc};

use super::{
    Alternative, ApprovalStatus, Booking, BookingEvent, BookingStatus, Context, DeclinedOffer, Party,
    Reminder, ReminderKind,
};
use crate::transaction::PaymentTiming;
use crate::{
    account::{StatsDelta, User},
    decide::Decision,
    kernel::{Actor, Code, Id, Result, Rule, Violation, after, before, unless_never},
    pricing::Pricing,
};

/// Why a job at one technician's own rate is not offered to others.
pub(super) const PRICED_FOR_ANOTHER: &str = "the price is the preferred technician's own rate, and the price list is \
    higher: move the booking (also to the same slot) to see and accept that price";

/// The maximum number of pauses in a history.
const MAX_PAUSES: usize = 100;

/// The technician to offer a job to, and the alternatives.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The technician.
    pub technician: Id<User>,
    /// The method: the scorer's name, or `manual`.
    pub algorithm: String,
    /// The match score, 0 to 1; `None` for a manual choice.
    pub score: Option<f64>,
    /// Up to three alternatives.
    pub alternatives: Vec<Alternative>,
}

impl Booking {
    /// Begins the search for a technician, or begins it again after a refusal.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::APPROVAL_REQUIRED`] for a company's booking that is not approved.
    pub fn begin_matching(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let awaits =
            self.corporate.as_ref().is_some_and(|corporate| corporate.approval != ApprovalStatus::Approved);
        if awaits {
            let message = "the company must approve the booking first";
            return Err(self.refuse(Rule::APPROVAL_REQUIRED, message, &context.actor));
        }
        self.0.matching.requested_at = Some(context.now);
        self.0.matching.attempted_at = None;
        Decision::new(self).step(BookingStatus::Matching, context, None)
    }

    /// Records that a search found no technician. The next search uses a wider radius.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless the booking is in matching and the actor may assign a technician.
    pub fn matching_attempted(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_transition(BookingStatus::Assigned, &context.actor)?;
        self.0.matching.attempted_at = Some(context.now);
        Ok(Decision::new(self))
    }

    /// Replaces one technician's own rate with the price from the price list, which applies to every
    /// technician. The customer has approved the old price, so the new one may not be higher.
    ///
    /// # Errors
    /// [`Rule::COSTS_MORE`] for a price above the approved one.
    pub(super) fn priced_by_list(mut self, pricing: Pricing, context: &Context<'_>) -> Result<Self> {
        if pricing.total.exceeds(self.pricing.total)? {
            return Err(self.refuse(Rule::COSTS_MORE, PRICED_FOR_ANOTHER, &context.actor));
        }
        self.0.pricing = pricing;
        self.0.priced_for = None;
        Ok(self)
    }

    /// Offers the job to a technician. Eligibility is checked by matching, not here.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::NOT_ELIGIBLE`] for a technician who declined it or is its customer, or
    /// if the price is the own rate of another technician; [`Rule::TOO_LATE`] after the end of the slot.
    pub fn assign(mut self, assignment: Assignment, context: &Context<'_>) -> Result<Decision<Self>> {
        if self.declined_by.contains(&assignment.technician) || self.customer == assignment.technician {
            let message = "the technician has declined the job or is its customer";
            return Err(self.refuse(Rule::NOT_ELIGIBLE, message, &context.actor));
        }
        if self.priced_for.is_some_and(|technician| technician != assignment.technician) {
            return Err(self.refuse(Rule::NOT_ELIGIBLE, PRICED_FOR_ANOTHER, &context.actor));
        }
        if context.now >= self.slot.ends_at() {
            return Err(self.refuse(Rule::TOO_LATE, "the slot of the job is over", &context.actor));
        }
        let booking = &mut self.0;
        booking.matching.attempted_at = Some(context.now);
        booking.matching.matched_at = Some(context.now);
        booking.matching.algorithm = Some(assignment.algorithm);
        booking.matching.score = assignment.score;
        booking.matching.alternatives = assignment.alternatives;
        // Parties are determined before the technician is set, so that no actor can assign a job by becoming
        // its technician.
        let mut decision = Decision::new(self).step(BookingStatus::Assigned, context, None)?;
        decision.next.0.technician = Some(assignment.technician);
        if let Some(BookingEvent::BookingStatusChanged { technician, .. }) =
            decision.effects.events.last_mut()
        {
            *technician = Some(assignment.technician);
        }
        Ok(decision)
    }

    /// The technician accepts. The commit claims the technician's time, and reserves the commission of a cash
    /// job.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::TOO_LATE`] after the end of the slot. The commit may be refused with
    /// [`Rule::TIME_SLOT_TAKEN`] and [`Rule::DEBT_LIMIT`].
    pub fn accept(self, context: &Context<'_>) -> Result<Decision<Self>> {
        let mut decision = Decision::new(self).step(BookingStatus::Accepted, context, None)?;
        let booking = &decision.next;
        if context.now >= booking.slot.ends_at() {
            return Err(booking.refuse(Rule::TOO_LATE, "the slot of the job is over", &context.actor));
        }
        decision.next.schedule_arrival_reminders(context);
        let (customer, technician) = (decision.next.customer, decision.next.technician);
        let one = StatsDelta { total: 1, ..StatsDelta::default() };
        decision.count(Some(customer), one).count(technician, one).reserve_commission(context)
    }

    /// The technician declines, or the system declines for a technician who did not answer in time. The job
    /// is never offered to that technician again.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::TOO_EARLY`] for the system before the time is up.
    pub fn reject(self, reason: Option<&str>, context: &Context<'_>) -> Result<Decision<Self>> {
        let expires = after(self.entered_at(), context.policy.acceptance_timeout);
        if context.actor == Actor::System && context.now < expires {
            return Err(self.refuse(Rule::TOO_EARLY, "the offer has not expired yet", &context.actor));
        }
        let mut decision = Decision::new(self).step(BookingStatus::Rejected, context, reason)?;
        let booking = &mut decision.next.0;
        if let Some(technician) = booking.technician.take() {
            booking.declined_by.push(technician);
            booking.declined_offers.push(DeclinedOffer {
                element: Some(context.id()),
                technician,
                declined_at: context.now,
                slot: booking.slot,
                pricing: booking.pricing,
                method: booking.payment.method,
            });
        }
        Ok(decision)
    }

    /// The customer agrees that the technician may set out earlier than the policy allows. Moving the slot
    /// ends the agreement.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless `accepted`; a violation of `from` for a time at which the technician may
    /// set out without an agreement; [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor
    /// is the customer.
    pub fn allow_early_start(mut self, from: DateTime<Utc>, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_party(&[Party::Customer], &context.actor)?;
        self.require_status(&[BookingStatus::Accepted], "agreeing to an earlier start", &context.actor)?;
        let usual = before(self.slot.starts_at(), context.policy.early_departure);
        if from >= usual {
            let message = format!(
                "must be before {}, from which the technician can set out without an agreement",
                self.local(usual)
            );
            return Err(Violation::new("from", Code::OutOfRange, message).into());
        }
        self.0.early_start = Some(from);
        Ok(Decision::new(self).event(BookingEvent::BookingEarlyStartAllowed { from }))
    }

    /// Fails before the earliest departure.
    fn require_departure(&self, context: &Context<'_>) -> Result<()> {
        let from = self.departure_from(context.policy);
        if context.now >= from {
            return Ok(());
        }
        let message = format!(
            "the technician can set out from {} on, or earlier if the customer agrees",
            self.local(from)
        );
        Err(self.refuse(Rule::TOO_EARLY, message, &context.actor))
    }

    /// Formats a moment in the local time of the job.
    fn local(&self, moment: DateTime<Utc>) -> String {
        let zone = self.slot.zone;
        format!("{} ({zone})", moment.with_timezone(&zone).format("%Y-%m-%d %H:%M"))
    }

    /// The technician sets out.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::TOO_EARLY`] before the earliest [departure](Self::departure_from);
    /// [`Rule::PAYMENT_REQUIRED`] if the money is due at acceptance and not held yet.
    pub fn en_route(self, context: &Context<'_>) -> Result<Decision<Self>> {
        let decision = Decision::new(self).step(BookingStatus::EnRoute, context, None)?;
        decision.next.require_departure(context)?;
        if decision.next.awaits_money_at_acceptance() {
            let message = "the customer's payment is not held yet";
            return Err(decision.next.refuse(Rule::PAYMENT_REQUIRED, message, &context.actor));
        }
        Ok(decision)
    }

    /// The technician arrives.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::TOO_EARLY`] as [`en_route`](Self::en_route).
    pub fn arrive(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_transition(BookingStatus::Arrived, &context.actor)?;
        self.require_departure(context)?;
        let in_time = context.now <= after(self.slot.starts_at(), context.policy.punctuality_tolerance);
        let arrival = StatsDelta { arrivals: 1, late_arrivals: u32::from(!in_time), ..StatsDelta::default() };
        let technician = self.technician;
        Ok(Decision::new(self).step(BookingStatus::Arrived, context, None)?.count(technician, arrival))
    }

    /// The work begins, or resumes after a pause.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::TOO_EARLY`] as [`en_route`](Self::en_route).
    pub fn start(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_transition(BookingStatus::InProgress, &context.actor)?;
        self.require_departure(context)?;
        Decision::new(self).step(BookingStatus::InProgress, context, None)
    }

    /// The work pauses.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; a violation of `pauses` after a hundred of them.
    pub fn pause(self, reason: Option<&str>, context: &Context<'_>) -> Result<Decision<Self>> {
        let pauses = self.history.iter().filter(|change| change.status == BookingStatus::Paused).count();
        if self.status == BookingStatus::InProgress && pauses >= MAX_PAUSES {
            let message = format!("work can be paused at most {MAX_PAUSES} times");
            return Err(Violation::new("pauses", Code::TooMany, message).into());
        }
        Decision::new(self).step(BookingStatus::Paused, context, reason)
    }

    /// The work is done. A higher price that the customer has not approved lapses; the warranty period
    /// begins.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`].
    pub fn complete(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_status(&[BookingStatus::InProgress], "completing the work", &context.actor)?;
        let mut decision = Decision::new(self).step(BookingStatus::Completed, context, None)?;
        let booking = &mut decision.next.0;
        if let Some(change) = booking.price_change.as_mut().filter(|c| c.status == ApprovalStatus::Pending) {
            change.status = ApprovalStatus::Declined;
            change.decided_at = Some(context.now);
        }
        booking.reschedule = None;
        if let (true, Some(days)) = (booking.warranty.offered, booking.warranty.days) {
            booking.warranty.expires_at = context.now.checked_add_days(chrono::Days::new(u64::from(days)));
        }
        let (customer, technician) = (booking.customer, booking.technician);
        let one = StatsDelta { completed: 1, ..StatsDelta::default() };
        decision.count(Some(customer), one).count(technician, one).adjust_commission(context)
    }

    /// The customer verifies the work, or the system does for a customer who did not answer in time. The
    /// booking then advances to `payment_pending`, and to `paid` if nothing is left to pay.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::TOO_EARLY`] for the system before the time is up.
    pub fn verify(self, context: &Context<'_>) -> Result<Decision<Self>> {
        let expires = after(self.entered_at(), context.policy.verification_timeout);
        if context.actor == Actor::System && context.now < expires {
            return Err(self.refuse(
                Rule::TOO_EARLY,
                "the time for the customer's verification is not over",
                &context.actor,
            ));
        }
        Decision::new(self).step(BookingStatus::Verified, context, None)?.follow_automatic_steps(context)
    }

    /// Plans a reminder, replacing one that was not sent. Plans none if one of this kind was already sent,
    /// even before a dispute.
    fn plan_once(&mut self, kind: ReminderKind, at: chrono::DateTime<chrono::Utc>) {
        let reminders = &mut self.0.reminders;
        reminders.retain(|reminder| reminder.kind != kind || reminder.sent_at.is_some());
        let is_ever = unless_never(at).is_some();
        if is_ever && reminders.iter().all(|reminder| reminder.kind != kind) {
            reminders.push(Reminder::new(kind, at));
        }
    }

    pub(super) fn awaits_money_at_acceptance(&self) -> bool {
        self.payment.timing == PaymentTiming::AtAcceptance
            && !self.payment.status.is_settled()
            && !self.pricing.total.is_zero()
    }

    /// Plans the reminders before the start, replacing those for an earlier slot. Times in the past are left
    /// out.
    pub(super) fn schedule_arrival_reminders(&mut self, context: &Context<'_>) {
        let starts_at = self.slot.starts_at();
        let reminders = &mut self.0.reminders;
        reminders.retain(|reminder| {
            reminder.kind != ReminderKind::TechnicianArrival || reminder.sent_at.is_some()
        });
        for ahead in &context.policy.arrival_reminders {
            let scheduled_for = before(starts_at, *ahead);
            let known =
                |r: &Reminder| r.kind == ReminderKind::TechnicianArrival && r.scheduled_for == scheduled_for;
            if scheduled_for > context.now && !reminders.iter().any(known) {
                reminders.push(Reminder::new(ReminderKind::TechnicianArrival, scheduled_for));
            }
        }
    }
}

impl Decision<Booking> {
    /// Makes the automatic transitions: asks for payment, and marks the booking paid if the money has
    /// arrived.
    pub(super) fn follow_automatic_steps(self, context: &Context<'_>) -> Result<Self> {
        let system = &context.as_system();
        let mut decision = self;
        if decision.next.status == BookingStatus::Verified {
            decision = decision.step(BookingStatus::PaymentPending, system, None)?;
            if !decision.next.is_paid_up() {
                let at = after(context.now, context.policy.payment_reminder);
                decision.next.plan_once(ReminderKind::PaymentReminder, at);
            }
        }
        if decision.next.status == BookingStatus::PaymentPending && decision.next.is_paid_up() {
            decision = decision.step(BookingStatus::Paid, system, None)?;
            let at = after(context.now, context.policy.review_request);
            decision.next.plan_once(ReminderKind::ReviewRequest, at);
        }
        Ok(decision)
    }
}

impl Booking {
    /// Whether nothing is left to pay.
    pub(super) fn is_paid_up(&self) -> bool {
        let owed = self.owed();
        owed.is_zero() || owed.is_negative()
    }
}

impl Reminder {
    /// A reminder to be sent.
    #[must_use]
    pub const fn new(kind: ReminderKind, scheduled_for: chrono::DateTime<chrono::Utc>) -> Self {
        Self { element: None, kind, scheduled_for, sent_at: None }
    }
}
