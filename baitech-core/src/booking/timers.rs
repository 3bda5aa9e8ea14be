//! Due tasks of a booking. A pure function of the booking says which task is due when; a worker runs it.

use chrono::{DateTime, Utc};

use super::{ApprovalStatus, Booking, BookingEvent, BookingPolicy, BookingStatus, Context, DisputeStatus};
use crate::{
    decide::Decision,
    kernel::{Error, Result, Rule, after, unless_never},
    store::Stored,
    transaction::Transaction,
};

/// A task that the system runs on a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Search for a technician (begin matching if it has not begun).
    Match,
    /// Search for a technician again after a refusal.
    Rematch,
    /// Treat an unanswered offer as declined.
    ExpireOffer,
    /// Cancel because the payment due at acceptance has not arrived.
    ExpirePayment,
    /// Verify completed work for a customer who did not answer.
    AutoVerify,
    /// Ask for payment, or mark the booking paid.
    FollowAutomaticSteps,
    /// Release the escrowed money to its recipients.
    ReleaseEscrow,
    /// Send the reminder at this index.
    Remind(usize),
    /// Flag a dispute that takes too long.
    EscalateDispute,
    /// Book the next occurrence of the series.
    Recur,
}

impl Booking {
    /// The next task and its due time. Of several tasks due at the same time, the one declared first in
    /// [`Task`].
    #[must_use]
    pub fn next_task(&self, policy: &BookingPolicy) -> Option<(DateTime<Utc>, Task)> {
        // A hidden booking has ended, but its series may continue.
        if self.deleted_at.is_some() {
            return self.recurrence_task(policy);
        }
        let by_status = self.status_task(policy);
        let reminders = self.reminders.iter().enumerate().filter(|(_, reminder)| reminder.sent_at.is_none());
        let reminders = reminders.map(|(place, reminder)| (reminder.scheduled_for, Task::Remind(place)));
        let tasks = by_status.into_iter().chain(reminders).chain(self.recurrence_task(policy));
        tasks.filter(|(at, _)| unless_never(*at).is_some()).min_by_key(|(at, _)| *at)
    }

    fn status_task(&self, policy: &BookingPolicy) -> Option<(DateTime<Utc>, Task)> {
        let entered = self.entered_at();
        match self.status {
            BookingStatus::Pending => {
                let approved = self.corporate.as_ref().is_none_or(|c| c.approval == ApprovalStatus::Approved);
                approved.then_some((entered, Task::Match))
            }
            BookingStatus::Matching => {
                let requested_at = self.matching.requested_at.unwrap_or(entered);
                let next = match self.matching.attempted_at {
                    Some(attempted_at) => policy.matching.next_attempt(requested_at, attempted_at),
                    None => Some(requested_at),
                };
                next.map(|at| (at, Task::Match))
            }
            BookingStatus::Assigned => Some((after(entered, policy.acceptance_timeout), Task::ExpireOffer)),
            BookingStatus::Rejected => Some((entered, Task::Rematch)),
            BookingStatus::Accepted => {
                let waiting = self.awaits_money_at_acceptance();
                waiting.then_some((after(entered, policy.payment_timeout), Task::ExpirePayment))
            }
            BookingStatus::Completed => Some((after(entered, policy.verification_timeout), Task::AutoVerify)),
            BookingStatus::Verified => Some((entered, Task::FollowAutomaticSteps)),
            BookingStatus::PaymentPending => {
                self.is_paid_up().then_some((entered, Task::FollowAutomaticSteps))
            }
            BookingStatus::Disputed => {
                let open = |status| matches!(status, DisputeStatus::Open | DisputeStatus::Investigating);
                let dispute = self.dispute.as_ref().filter(|d| d.escalated_at.is_none() && open(d.status));
                dispute.map(|dispute| {
                    (after(dispute.raised_at, policy.dispute_escalation), Task::EscalateDispute)
                })
            }
            BookingStatus::Paid => self.release_due(policy).map(|at| (at, Task::ReleaseEscrow)),
            BookingStatus::EnRoute
            | BookingStatus::Arrived
            | BookingStatus::InProgress
            | BookingStatus::Paused
            | BookingStatus::Cancelled
            | BookingStatus::Refunded => None,
        }
    }

    /// When the escrowed money of a paid booking is released automatically; `None` while the payment needs
    /// manual review.
    pub(super) fn release_due(&self, policy: &BookingPolicy) -> Option<DateTime<Utc>> {
        let waits = self.status == BookingStatus::Paid && self.payment.held && !self.payment.on_hold;
        waits.then(|| after(self.entered_at(), policy.payment.release_after))
    }

    fn recurrence_task(&self, policy: &BookingPolicy) -> Option<(DateTime<Utc>, Task)> {
        let next = self.recurrence.as_ref()?.next?;
        Some((self.recurs_at(next, policy), Task::Recur))
    }

    /// Runs a task that needs only the booking itself. [`Task::Match`] and [`Task::Recur`] need more and are
    /// run by the service.
    ///
    /// # Errors
    /// [`Rule::TOO_EARLY`], [`Rule::TRANSITION`] or [`Rule::ALREADY_DECIDED`] if the task is not (or no
    /// longer) due.
    pub fn run_task(self, task: Task, context: &Context<'_>) -> Result<Decision<Self>> {
        let context = &context.as_system();
        match task {
            Task::Match | Task::Rematch => self.begin_matching(context),
            Task::ExpireOffer => self.reject(Some("no answer in time"), context),
            Task::ExpirePayment => self.expire_payment(context),
            Task::AutoVerify => self.verify(context),
            Task::FollowAutomaticSteps => Decision::new(self).follow_automatic_steps(context),
            Task::ReleaseEscrow => self.release_escrow(context),
            Task::Remind(place) => self.remind(place, context),
            Task::EscalateDispute => self.escalate_dispute(context),
            Task::Recur => {
                Err(Error::refused(Rule::TRANSITION, "the service creates the next booking of a series"))
            }
        }
    }

    fn expire_payment(self, context: &Context<'_>) -> Result<Decision<Self>> {
        let expires = after(self.entered_at(), context.policy.payment_timeout);
        if !self.awaits_money_at_acceptance() || context.now < expires {
            return Err(self.refuse(Rule::TOO_EARLY, "the payment is not overdue", &context.actor));
        }
        // The money may have arrived; the provider or a person has to confirm that first.
        let claimed =
            |payment: &Stored<Transaction>| payment.status.is_open() && payment.gateway.awaits_confirmation;
        if context.inputs.payments.iter().any(claimed) {
            let message = "an unconfirmed webhook reports the payment, so the provider must confirm it first";
            return Err(self.refuse(Rule::UNDER_REVIEW, message, &context.actor));
        }
        self.cancel("the payment did not arrive in time", false, context)
    }

    /// Sends a reminder: marks it as sent and emits its event, or drops it if the booking's status has
    /// made it pointless.
    fn remind(mut self, place: usize, context: &Context<'_>) -> Result<Decision<Self>> {
        let status = self.status;
        let due =
            self.0.reminders.get_mut(place).filter(|r| r.sent_at.is_none() && r.scheduled_for <= context.now);
        let Some(reminder) = due else {
            return Err(self.refuse(Rule::TOO_EARLY, "the reminder is not due", &context.actor));
        };
        let kind = reminder.kind;
        if !kind.still_applies(status) {
            self.0.reminders.remove(place);
            return Ok(Decision::new(self));
        }
        reminder.sent_at = Some(context.now);
        Ok(Decision::new(self).event(BookingEvent::BookingReminder { reminder: kind }))
    }
}

impl super::ReminderKind {
    /// Whether the reminder still applies in a status.
    const fn still_applies(self, status: BookingStatus) -> bool {
        match self {
            Self::BookingConfirmation => true,
            Self::TechnicianArrival => matches!(status, BookingStatus::Accepted | BookingStatus::EnRoute),
            Self::PaymentReminder => matches!(status, BookingStatus::PaymentPending),
            Self::ReviewRequest => matches!(status, BookingStatus::Paid),
        }
    }
}
