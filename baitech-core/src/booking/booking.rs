use std::str::FromStr;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    AdditionalService, BookingPolicy, BookingStatus, Cancellation, CancellationPolicy, CorporateDetails,
    DeclinedOffer, Dispute, Matching, Material, Payment, PriceChange, Quality, Recurrence, Reminder,
    RescheduleProposal, ServiceLocation, Warranty,
};
use crate::{
    account::{Category, Image, User},
    decide::{boxed_record, serial_number},
    kernel::{Code, Id, Rate, Text, Violation, before, visible},
    pricing::Pricing,
    schedule::{TimeSlot, Urgency},
    transaction::is_numbered,
};

/// The public number of a booking: `BK`, two digits of the year, two of the month, and a sequence number of
/// six digits, or more after the first 999,999 of the month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BookingNumber(String);

impl BookingNumber {
    /// The number of the `sequence`-th booking of a month. A sequence above 999,999 takes more than six
    /// digits.
    #[must_use]
    pub fn new(at: DateTime<Utc>, sequence: u64) -> Self {
        Self(format!("BK{:02}{:02}{sequence:06}", at.year() % 100, at.month()))
    }

    /// The sequence that numbers of this month are drawn from: `booking.2511`.
    #[must_use]
    pub fn series(at: DateTime<Utc>) -> String {
        format!("booking.{:02}{:02}", at.year() % 100, at.month())
    }

    /// Parses a number as people type it: in any case, with spaces and separators anywhere.
    ///
    /// ```
    /// use baitech_core::booking::BookingNumber;
    ///
    /// for typed in ["BK2603000001", "bk-2603-000001", " Bk 2603/000001 "] {
    ///     assert_eq!(BookingNumber::typed(typed).unwrap().as_str(), "BK2603000001");
    /// }
    /// assert!(BookingNumber::typed("BK 1").is_none());
    /// ```
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        crate::transaction::without_separators(text).parse().ok()
    }
}

serial_number!(BookingNumber);

impl FromStr for BookingNumber {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let text = visible(text).trim().to_uppercase();
        let digits = text.strip_prefix("BK").unwrap_or_default();
        if is_numbered(digits, 4) {
            Ok(Self(text))
        } else {
            Err(Violation::new(
                "bookingNumber",
                Code::Malformed,
                "a booking number must be BK and ten digits, or more in a busy month",
            ))
        }
    }
}

/// One entry of a booking's status history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// The status after the change.
    pub status: BookingStatus,
    /// Who changed it; `None` for the system.
    pub changed_by: Option<Id<User>>,
    /// When it changed.
    pub changed_at: DateTime<Utc>,
    /// The reason, in a few words.
    pub reason: Option<String>,
    /// Further details.
    pub notes: Option<String>,
}

/// When the work took place, without pauses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActualTimes {
    /// When the booking first became `in_progress`.
    #[serde(rename = "actualStartTime")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it became `completed`.
    #[serde(rename = "actualEndTime")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Minutes of work, pauses excluded, rounded down.
    #[serde(rename = "actualDuration")]
    pub worked_minutes: Option<i64>,
}

/// Notes of the parties.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Notes {
    pub customer: Option<Text<1000>>,
    pub technician: Option<Text<1000>>,
    /// Visible to staff only.
    pub admin: Option<Text<1000>>,
}

/// Everything that a store keeps of a booking. A [`Booking`] dereferences to it.
///
/// Not `#[non_exhaustive]`: a store handles all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookingRecord {
    /// Its id.
    pub id: Id<Booking>,
    /// Its number.
    #[serde(rename = "bookingNumber")]
    pub number: BookingNumber,
    /// The customer.
    pub customer: Id<User>,
    /// The technician to whom the job is offered or who does it; set from `assigned` on.
    pub technician: Option<Id<User>>,
    /// The technician whom the customer prefers.
    pub preferred_technician: Option<Id<User>>,
    /// Technicians who declined or did not answer. The job is never offered to them again.
    pub declined_by: Vec<Id<User>>,
    /// The offer that each of them declined; empty for bookings of the earlier application.
    #[serde(default)]
    pub declined_offers: Vec<DeclinedOffer>,
    /// The kind of work.
    pub service_category: Category,
    /// The service, as the price list names it.
    pub service_type: Text<100>,
    /// The work to do.
    pub description: Text<1000>,
    /// How soon.
    pub urgency: Urgency,
    /// At most five pictures.
    pub images: Vec<Image>,
    /// The place of the job.
    #[serde(rename = "serviceLocation")]
    pub location: ServiceLocation,
    /// The time of the job.
    #[serde(rename = "timeSlot")]
    pub slot: TimeSlot,
    /// The current status.
    pub status: BookingStatus,
    /// The status history, one entry per transition.
    #[serde(rename = "statusHistory")]
    pub history: Vec<StatusChange>,
    /// When the work took place.
    #[serde(flatten)]
    pub actual: ActualTimes,
    /// The price.
    pub pricing: Pricing,
    /// The technician whose own rate sets the price. At that price, the job is offered only to them. `None`
    /// for a price from the price list.
    pub priced_for: Option<Id<User>>,
    /// How it is paid, and how far the payment is.
    pub payment: Payment,
    /// How the technician was found.
    #[serde(rename = "matchingDetails")]
    pub matching: Matching,
    /// The cancellation fees that the customer was shown.
    pub cancellation_policy: CancellationPolicy,
    /// The minimum cancellation rate, reached by an earlier slot. Moving the slot does not lower it.
    pub cancellation_floor: Rate,
    /// Who cancelled it, when and why.
    pub cancellation: Option<Cancellation>,
    /// The dispute, if one was raised.
    pub dispute: Option<Dispute>,
    /// Materials used, approved by the customer.
    #[serde(rename = "materialsUsed")]
    pub materials: Vec<Material>,
    /// Services added, approved by the customer.
    pub additional_services: Vec<AdditionalService>,
    /// A price increase that awaits the customer's decision, or the last one decided.
    pub price_change: Option<PriceChange>,
    /// Another slot that one side has proposed.
    pub reschedule: Option<RescheduleProposal>,
    /// The earliest departure of the technician, where the customer has agreed to one before the policy's.
    pub early_start: Option<DateTime<Utc>>,
    /// The warranty on the work.
    pub warranty: Warranty,
    /// The booking whose warranty this one fulfils.
    pub warranty_for: Option<Id<Booking>>,
    /// The company that it is booked for.
    #[serde(rename = "corporateDetails")]
    pub corporate: Option<CorporateDetails>,
    /// Planned reminders; each is sent at most once.
    pub reminders: Vec<Reminder>,
    /// Checkpoints during the work, and the check of the finished work.
    #[serde(rename = "qualityCheck")]
    pub quality: Quality,
    /// What the parties noted.
    pub notes: Notes,
    /// The application that it was requested from.
    pub source: String,
    /// The rule by which it recurs.
    pub recurrence: Option<Recurrence>,
    /// The first booking of its series.
    pub recurring_parent: Option<Id<Booking>>,
    /// The number of its claim among the customer's open requests, until a technician accepts it. `None` also
    /// for bookings that do not count as open requests: later occurrences of a series and warranty bookings.
    pub open_request: Option<u16>,
    /// When it was hidden. It stays stored.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// When it was last written. Never decreases.
    pub updated_at: DateTime<Utc>,
}

/// A booking, with the fields of its [`BookingRecord`]. Only commands change it: each decides without side
/// effects and returns the decision to commit. The record is boxed because decisions are moved often.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Booking(pub(super) Box<BookingRecord>);

boxed_record!(Booking(BookingRecord));

impl Booking {
    /// When it last entered its current status; the time of creation if the history has no such entry.
    #[must_use]
    pub fn entered_at(&self) -> DateTime<Utc> {
        self.entered(self.status).unwrap_or(self.created_at)
    }

    /// When it last entered a status.
    #[must_use]
    pub fn entered(&self, status: BookingStatus) -> Option<DateTime<Utc>> {
        self.history.iter().rfind(|change| change.status == status).map(|change| change.changed_at)
    }

    /// The earliest departure of the technician: some hours before the start, or earlier if the customer has
    /// agreed.
    #[must_use]
    pub fn departure_from(&self, policy: &BookingPolicy) -> DateTime<Utc> {
        let usual = before(self.slot.starts_at(), policy.early_departure);
        self.early_start.map_or(usual, |agreed| agreed.min(usual))
    }

    /// Time worked until `now`: the sum of all periods in `in_progress`.
    pub(super) fn worked(&self, now: DateTime<Utc>) -> TimeDelta {
        let ends = self.history.iter().skip(1).map(|change| change.changed_at).chain([now]);
        let spans = self.history.iter().zip(ends);
        spans
            .filter(|(change, _)| change.status == BookingStatus::InProgress)
            .fold(TimeDelta::zero(), |sum, (change, end)| sum + (end - change.changed_at))
    }
}
