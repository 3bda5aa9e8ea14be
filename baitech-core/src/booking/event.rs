use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Booking, BookingStatus, DisputeOutcome, ReminderKind};
use crate::{
    account::User,
    kernel::{Id, Money},
    store::events,
};

events! {
    /// Events of a booking.
    #[expect(missing_docs, reason = "the field names are self-explanatory")]
    pub enum BookingEvent {
        /// It was requested.
        BookingCreated("booking.created") { customer: Id<User> },
        /// It changed its status.
        BookingStatusChanged("booking.status_changed") {
            from: BookingStatus,
            to: BookingStatus,
            technician: Option<Id<User>>,
        },
        /// It awaits the company's approval.
        BookingApprovalRequested("booking.approval_requested") { company: Id<User> },
        /// The company has decided.
        BookingApprovalDecided("booking.approval_decided") { approved: bool },
        /// A higher price awaits the customer's decision.
        BookingPriceChangeRequested("booking.price_change_requested") { total: Money },
        /// The customer has decided.
        BookingPriceChangeDecided("booking.price_change_decided") { approved: bool, total: Money },
        /// A new slot awaits the other side's decision.
        BookingRescheduleProposed("booking.reschedule_proposed") { by: Id<User> },
        /// The other side declined the new slot.
        BookingRescheduleDeclined("booking.reschedule_declined"),
        /// It was moved to another slot.
        BookingRescheduled("booking.rescheduled"),
        /// The customer agreed to an earlier departure than the policy allows.
        BookingEarlyStartAllowed("booking.early_start_allowed") { from: DateTime<Utc> },
        /// The payment arrived.
        BookingPaymentReceived("booking.payment_received") { amount: Money },
        /// A reminder is due.
        BookingReminder("booking.reminder") { reminder: ReminderKind },
        /// A party or staff added evidence.
        BookingEvidenceAdded("booking.evidence_added") { by: Id<User> },
        /// Staff started to investigate the dispute.
        BookingDisputeInvestigated("booking.dispute_investigated"),
        /// The dispute takes too long.
        BookingDisputeEscalated("booking.dispute_escalated"),
        /// Staff decided the dispute.
        BookingDisputeResolved("booking.dispute_resolved") { outcome: DisputeOutcome },
        /// The dispute was closed.
        BookingDisputeClosed("booking.dispute_closed"),
        /// The work was checked.
        BookingQualityChecked("booking.quality_checked") { passed: bool },
        /// A zero-price booking was made under the warranty.
        BookingWarrantyClaimed("booking.warranty_claimed") { booking: Id<Booking> },
        /// The next occurrence of the series was booked.
        BookingRecurred("booking.recurred") { booking: Id<Booking> },
        /// The series ended.
        BookingSeriesEnded("booking.series_ended"),
        /// Another field changed.
        BookingUpdated("booking.updated"),
    }
}

impl BookingEvent {
    /// The events of every new booking.
    pub(super) const fn of_new(customer: Id<User>) -> [Self; 2] {
        [
            Self::BookingCreated { customer },
            Self::BookingReminder { reminder: ReminderKind::BookingConfirmation },
        ]
    }
}
