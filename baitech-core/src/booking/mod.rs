//! Bookings, from request to paid.
//!
//! [`Booking`] is the aggregate, [`Transition::TABLE`] its state machine, [`Bookings`] the commands and
//! queries.

#[expect(clippy::module_inception, reason = "every feature names its aggregate's file after the aggregate")]
mod booking;
mod cancellation;
mod cash_job;
mod corporate;
mod decision;
mod declined;
mod dispute;
mod draft;
mod event;
mod extras;
mod location;
mod matching;
mod new_booking;
mod payment;
mod policy;
mod price_change;
mod progress;
mod quality;
mod recurrence;
mod repository;
mod request;
mod reschedule;
mod rules;
mod search;
mod service;
mod settlement;
mod status;
mod timers;
mod view;

pub use booking::{ActualTimes, Booking, BookingNumber, BookingRecord, Notes, StatusChange};
pub use cancellation::{
    Cancellation, CancellationCause, CancellationPolicy, CancellationQuote, CancellationTier,
};
pub use decision::{Context, Inputs};
pub use declined::DeclinedOffer;
pub use dispute::{
    Dispute, DisputeCategory, DisputeClaim, DisputeOutcome, DisputeStatus, Evidence, Resolution,
};
pub use draft::BookingDraft;
pub use event::BookingEvent;
pub use extras::{
    AdditionalService, ApprovalStatus, Checkpoint, CorporateDetails, Material, PriceChange, Quality,
    QualityCheck, Recurrence, Reminder, ReminderKind, RescheduleProposal, Supplier, Warranty,
};
pub use location::ServiceLocation;
pub use matching::{Alternative, Matching};
pub use new_booking::{NewBooking, NewLocation, NewTimeSlot, Project};
pub use payment::{Payment, PaymentStatus};
pub use policy::BookingPolicy;
pub use price_change::{NewMaterial, NewPriceChange, NewService};
pub use progress::Assignment;
pub use repository::{BookingFilter, BookingRepository};
pub use request::{OPEN_REQUEST_CLAIMS, Terms, open_request_claim};
pub(crate) use service::Zones;
pub use service::{Bookings, Offer};
pub use status::{BookingStatus, Parties, Party, Transition};
pub use timers::Task;
pub use view::{BookingView, Contact};
