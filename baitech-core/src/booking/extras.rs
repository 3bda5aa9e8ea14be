use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Booking;
use crate::schedule::TimeSlot;
use crate::{
    account::User,
    kernel::{ElementId, Id, Money, Percent, Text, named},
    pricing::Pricing,
};

/// Who supplies a material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supplier {
    /// The technician, who is paid for it.
    Technician,
    /// The customer, at no price.
    Customer,
}

/// A material used for the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Material {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The name.
    pub name: Text<100>,
    /// The quantity, above zero.
    pub quantity: Decimal,
    /// The price per unit.
    pub unit_price: Money,
    /// The price of the whole quantity.
    pub total_price: Money,
    /// Who supplies it.
    pub provided_by: Supplier,
}

/// Work that was added to the booking later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdditionalService {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The name.
    pub name: Text<100>,
    /// What it adds to the price of the service.
    pub price: Money,
}

/// The state of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStatus {
    /// Undecided.
    Pending,
    /// Approved.
    Approved,
    /// Declined.
    Declined,
}

/// Materials and services that raise the price. Nothing is charged for them before the customer approves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceChange {
    /// Who proposes it.
    pub proposed_by: Id<User>,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// The reason.
    pub reason: Text<500>,
    /// Materials to add.
    pub materials: Vec<Material>,
    /// Services to add.
    pub services: Vec<AdditionalService>,
    /// The full price, including the additions.
    pub pricing: Pricing,
    /// The state of the proposal.
    pub status: ApprovalStatus,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
}

/// Another slot, proposed by one side after acceptance. It takes effect when the other side approves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RescheduleProposal {
    /// Who proposed it.
    pub proposed_by: Id<User>,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// The proposed slot.
    pub slot: TimeSlot,
    /// The reason.
    pub reason: Option<Text<500>>,
}

/// The warranty on the work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Warranty {
    /// Whether the technician offers one.
    pub offered: bool,
    /// The number of days from completion.
    #[serde(rename = "duration")]
    pub days: Option<u32>,
    /// The terms.
    pub terms: Option<Text<1000>>,
    /// When it expires; set on completion.
    pub expires_at: Option<DateTime<Utc>>,
    /// The zero-price bookings claimed under it.
    pub claims: Vec<Id<Booking>>,
}

/// The company behind a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CorporateDetails {
    /// The company: its administrator's id.
    pub company: Id<User>,
    /// The project it is for.
    pub project_name: Option<Text<150>>,
    /// The project's code in the company's books.
    pub project_code: Option<Text<50>>,
    /// The department it is for.
    pub department: Option<Text<100>>,
    /// Whether the company approves the price.
    pub approval: ApprovalStatus,
    /// Who decided; `None` while undecided, or where no approval was needed.
    pub decided_by: Option<Id<User>>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
}

named! {
    /// The kind of a reminder.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum ReminderKind {
        /// To the customer, at once.
        BookingConfirmation = "booking_confirmation",
        /// To both, 24 hours and one hour before the start.
        TechnicianArrival = "technician_arrival",
        /// To the customer, 24 hours after `payment_pending`.
        PaymentReminder = "payment_reminder",
        /// To both, 24 hours after `paid`.
        ReviewRequest = "review_request",
    }
}

/// A reminder, sent or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reminder {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: ReminderKind,
    /// When it is to be sent.
    pub scheduled_for: DateTime<Utc>,
    /// When its event was committed.
    pub sent_at: Option<DateTime<Utc>>,
}

/// A check during the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// What was checked.
    pub name: Text<100>,
    /// Whether it passed.
    pub passed: bool,
    /// Who checked it.
    pub checked_by: Id<User>,
    /// When it was checked.
    pub checked_at: DateTime<Utc>,
    /// Further details.
    pub notes: Option<Text<500>>,
}

/// The check of finished work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualityCheck {
    /// Who checked it.
    pub checked_by: Id<User>,
    /// When it was checked.
    pub checked_at: DateTime<Utc>,
    /// 0 to 100.
    pub score: Percent,
    /// Further details.
    pub notes: Option<Text<500>>,
}

/// The quality checks of a booking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Quality {
    /// Checks during the work.
    pub checkpoints: Vec<Checkpoint>,
    /// The single check of the finished work.
    pub check: Option<QualityCheck>,
}

/// The rule by which a booking recurs. Each occurrence is a booking of its own.
///
/// The days follow the rule even when the booking that carries it is moved to another day. Later occurrences
/// take the carrying booking's hours at that time, because the price that the customer approved is the price
/// of those hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recurrence {
    /// An RFC 5545 rule, weekly or monthly: `FREQ=WEEKLY;COUNT=4`.
    pub rule: String,
    /// The day from which the rule counts: the first day booked.
    pub first: NaiveDate,
    /// The day of the last occurrence already booked.
    pub booked_until: NaiveDate,
    /// The day of the next occurrence; `None` when the series has ended.
    pub next: Option<NaiveDate>,
}
