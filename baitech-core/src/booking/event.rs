use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Booking, BookingStatus, DisputeOutcome, ReminderKind};
use crate::{
    account::User,
    kernel::{Id, Money},
};

/// Events of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the field names are self-explanatory")]
pub enum BookingEvent {
    /// It was requested.
    BookingCreated { customer: Id<User> },
    /// It changed its status.
    BookingStatusChanged { from: BookingStatus, to: BookingStatus, technician: Option<Id<User>> },
    /// It awaits the company's approval.
    BookingApprovalRequested { company: Id<User> },
    /// The company has decided.
    BookingApprovalDecided { approved: bool },
    /// A higher price awaits the customer's decision.
    BookingPriceChangeRequested { total: Money },
    /// The customer has decided.
    BookingPriceChangeDecided { approved: bool, total: Money },
    /// A new slot awaits the other side's decision.
    BookingRescheduleProposed { by: Id<User> },
    /// The other side declined the new slot.
    BookingRescheduleDeclined,
    /// It was moved to another slot.
    BookingRescheduled,
    /// The customer agreed to an earlier departure than the policy allows.
    BookingEarlyStartAllowed { from: DateTime<Utc> },
    /// The payment arrived.
    BookingPaymentReceived { amount: Money },
    /// A reminder is due.
    BookingReminder { reminder: ReminderKind },
    /// A party or staff added evidence.
    BookingEvidenceAdded { by: Id<User> },
    /// Staff started to investigate the dispute.
    BookingDisputeInvestigated,
    /// The dispute takes too long.
    BookingDisputeEscalated,
    /// Staff decided the dispute.
    BookingDisputeResolved { outcome: DisputeOutcome },
    /// The dispute was closed.
    BookingDisputeClosed,
    /// The work was checked.
    BookingQualityChecked { passed: bool },
    /// A zero-price booking was made under the warranty.
    BookingWarrantyClaimed { booking: Id<Booking> },
    /// The next occurrence of the series was booked.
    BookingRecurred { booking: Id<Booking> },
    /// The series ended.
    BookingSeriesEnded,
    /// Another field changed.
    BookingUpdated,
}

impl BookingEvent {
    /// The events of every new booking.
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
