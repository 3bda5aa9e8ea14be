//! Bookings, from request to paid.
//!
//! [`Booking`] is the aggregate, [`Transition::TABLE`] its state machine, `Bookings` the commands and queries.

#[expect(clippy::module_inception, reason = "every feature names its aggregate's file after the aggregate")]
mod booking;
mod cancellation;
mod dispute;
mod event;
mod extras;
mod location;
mod matching;
mod payment;
mod repository;
mod schedule;
mod status;

pub use booking::{ActualTimes, Booking, BookingNumber, BookingRecord, Notes, StatusChange, Urgency};
pub use cancellation::{
    Cancellation, CancellationCause, CancellationPolicy, CancellationQuote, CancellationTier,
};
pub use dispute::{Dispute, DisputeCategory, DisputeOutcome, DisputeStatus, Evidence, Resolution};
pub use event::BookingEvent;
pub use extras::{
    AdditionalService, ApprovalStatus, Checkpoint, CorporateDetails, Material, PriceChange, Quality,
    QualityCheck, Recurrence, Reminder, ReminderKind, RescheduleProposal, Supplier, Warranty,
};
pub use location::ServiceLocation;
pub use matching::{Alternative, Matching};
pub use payment::{Payment, PaymentMethod, PaymentStatus, PaymentTiming};
pub use repository::{BookingFilter, BookingRepository};
pub use schedule::{SLOT_CLAIMS, TimeSlot, cell_claim};
pub use status::{BookingStatus, Parties, Party, Transition};
