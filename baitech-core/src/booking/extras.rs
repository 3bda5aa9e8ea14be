use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Booking, TimeSlot};
use crate::{
    account::User,
    kernel::{ElementId, Id, Money, Percent, Text},
    pricing::Pricing,
};

/// Who brings a material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supplier {
    /// The technician, who is paid for it.
    Technician,
    /// The customer, at no price.
    Customer,
}

/// Something that is used up by the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Material {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// What.
    pub name: Text<100>,
    /// How many or how much, above zero.
    pub quantity: Decimal,
    /// The price of one.
    pub unit_price: Money,
    /// The price of all.
    pub total_price: Money,
    /// Who brings it.
    pub provided_by: Supplier,
}

/// Work that was not in the booking at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdditionalService {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// What.
    pub name: Text<100>,
    /// What it adds to the price of the service.
    pub price: Money,
}

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStatus {
    /// Nobody has decided.
    Pending,
    /// Yes.
    Approved,
    /// No.
    Declined,
}

/// Materials and services that raise the price; nothing of it is charged before the customer approves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceChange {
    /// Who proposes it.
    pub proposed_by: Id<User>,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Why.
    pub reason: Text<500>,
    /// What is to be used besides.
    pub materials: Vec<Material>,
    /// What is to be done besides.
    pub services: Vec<AdditionalService>,
    /// The whole price with it.
    pub pricing: Pricing,
    /// How it stands.
    pub status: ApprovalStatus,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
}

/// Another slot, proposed by one side after acceptance; it counts when the other side approves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RescheduleProposal {
    /// By whom.
    pub proposed_by: Id<User>,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// The other slot.
    pub slot: TimeSlot,
    /// Why.
    pub reason: Option<Text<500>>,
}

/// The promise to mend what fails again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Warranty {
    /// Whether there is one.
    pub offered: bool,
    /// For so many days from completion.
    #[serde(rename = "duration")]
    pub days: Option<u32>,
    /// On which terms.
    pub terms: Option<Text<1000>>,
    /// Until when; set on completion.
    pub expires_at: Option<DateTime<Utc>>,
    /// The zero-price bookings that were claimed from it.
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
    /// Whether the company agrees with the price.
    pub approval: ApprovalStatus,
    /// Who decided; `None` while nobody has, or where the price needed nobody.
    pub decided_by: Option<Id<User>>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
}

/// What is to be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// To the customer, at once.
    BookingConfirmation,
    /// To both, 24 hours and one hour before the start.
    TechnicianArrival,
    /// To the customer, 24 hours after `payment_pending`.
    PaymentReminder,
    /// To both, 24 hours after `paid`.
    ReviewRequest,
}

impl ReminderKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::BookingConfirmation, Self::TechnicianArrival, Self::PaymentReminder, Self::ReviewRequest];

    /// The name in documents and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BookingConfirmation => "booking_confirmation",
            Self::TechnicianArrival => "technician_arrival",
            Self::PaymentReminder => "payment_reminder",
            Self::ReviewRequest => "review_request",
        }
    }
}

/// A reminder, sent or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reminder {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// What.
    #[serde(rename = "type")]
    pub kind: ReminderKind,
    /// When it is to be sent.
    pub scheduled_for: DateTime<Utc>,
    /// When its event was committed.
    pub sent_at: Option<DateTime<Utc>>,
}

/// A look at work that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// What was looked at.
    pub name: Text<100>,
    /// Whether it was good.
    pub passed: bool,
    /// By whom.
    pub checked_by: Id<User>,
    /// When.
    pub checked_at: DateTime<Utc>,
    /// More about it.
    pub notes: Option<Text<500>>,
}

/// The check of finished work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualityCheck {
    /// By whom.
    pub checked_by: Id<User>,
    /// When.
    pub checked_at: DateTime<Utc>,
    /// 0 to 100.
    pub score: Percent,
    /// More about it.
    pub notes: Option<Text<500>>,
}

/// How good the work is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Quality {
    /// Looks at work that goes on.
    pub checkpoints: Vec<Checkpoint>,
    /// The one check of the finished work.
    pub check: Option<QualityCheck>,
}

/// The rule by which a booking comes again. Each occurrence is a booking of its own.
///
/// The days are those of the rule, also when the booking that carries it is moved to another day. The hours
/// of those that follow are the hours that it has by then, since its price, which its customer approved, is
/// the price of those hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recurrence {
    /// An RFC 5545 rule, weekly or monthly: `FREQ=WEEKLY;COUNT=4`.
    pub rule: String,
    /// The day from which the rule counts: the one that was first booked.
    pub first: NaiveDate,
    /// The day of the last occurrence that has its booking.
    pub booked_until: NaiveDate,
    /// The day of the next occurrence; `None` when the series has ended.
    pub next: Option<NaiveDate>,
}
