use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Booking, BookingStatus, DisputeOutcome, ReminderKind};
use crate::{
    account::User,
    kernel::{Id, Money},
};

/// What happened to a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names of the fields say it")]
pub enum BookingEvent {
    /// It was requested.
    BookingCreated { customer: Id<User> },
    /// It took one arrow of the state machine.
    BookingStatusChanged { from: BookingStatus, to: BookingStatus, technician: Option<Id<User>> },
    /// The company has to approve it.
    BookingApprovalRequested { company: Id<User> },
    /// The company has decided.
    BookingApprovalDecided { approved: bool },
    /// A higher price awaits the customer's word.
    BookingPriceChangeRequested { total: Money },
    /// The customer has decided.
    BookingPriceChangeDecided { approved: bool, total: Money },
    /// Another slot awaits the other side's word.
    BookingRescheduleProposed { by: Id<User> },
    /// The other side refuses the other slot.
    BookingRescheduleDeclined,
    /// It takes place at another time.
    BookingRescheduled,
    /// The customer agrees that the technician sets out earlier than the policy allows.
    BookingEarlyStartAllowed { from: DateTime<Utc> },
    /// The money came in.
    BookingPaymentReceived { amount: Money },
    /// Somebody is to be reminded.
    BookingReminder { reminder: ReminderKind },
    /// One side brought something forward.
    BookingEvidenceAdded { by: Id<User> },
    /// Staff is looking into the dispute.
    BookingDisputeInvestigated,
    /// The dispute takes too long.
    BookingDisputeEscalated,
    /// Staff has decided.
    BookingDisputeResolved { outcome: DisputeOutcome },
    /// Nothing is left to do.
    BookingDisputeClosed,
    /// Work was looked at.
    BookingQualityChecked { passed: bool },
    /// A zero-price booking was made from the warranty.
    BookingWarrantyClaimed { booking: Id<Booking> },
    /// The next of a series was booked.
    BookingRecurred { booking: Id<Booking> },
    /// No other of the series will follow.
    BookingSeriesEnded,
    /// Something else was written.
    BookingUpdated,
}

impl BookingEvent {
    /// What every new booking tells.
    pub(super) const fn of_new(customer: Id<User>) -> [Self; 2] {
        [
            Self::BookingCreated { customer },
            Self::BookingReminder { reminder: ReminderKind::BookingConfirmation },
        ]
    }

    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::BookingCreated { .. } => "booking.created",
            Self::BookingStatusChanged { .. } => "booking.status_changed",
            Self::BookingApprovalRequested { .. } => "booking.approval_requested",
            Self::BookingApprovalDecided { .. } => "booking.approval_decided",
            Self::BookingPriceChangeRequested { .. } => "booking.price_change_requested",
            Self::BookingPriceChangeDecided { .. } => "booking.price_change_decided",
            Self::BookingRescheduleProposed { .. } => "booking.reschedule_proposed",
            Self::BookingRescheduleDeclined => "booking.reschedule_declined",
            Self::BookingRescheduled => "booking.rescheduled",
            Self::BookingEarlyStartAllowed { .. } => "booking.early_start_allowed",
            Self::BookingPaymentReceived { .. } => "booking.payment_received",
            Self::BookingReminder { .. } => "booking.reminder",
            Self::BookingEvidenceAdded { .. } => "booking.evidence_added",
            Self::BookingDisputeInvestigated => "booking.dispute_investigated",
            Self::BookingDisputeEscalated => "booking.dispute_escalated",
            Self::BookingDisputeResolved { .. } => "booking.dispute_resolved",
            Self::BookingDisputeClosed => "booking.dispute_closed",
            Self::BookingQualityChecked { .. } => "booking.quality_checked",
            Self::BookingWarrantyClaimed { .. } => "booking.warranty_claimed",
            Self::BookingRecurred { .. } => "booking.recurred",
            Self::BookingSeriesEnded => "booking.series_ended",
            Self::BookingUpdated => "booking.updated",
        }
    }
}
