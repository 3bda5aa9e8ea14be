use std::{fmt, ops::Deref, str::FromStr};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    AdditionalService, BookingPolicy, BookingStatus, Cancellation, CancellationPolicy, CorporateDetails,
    DeclinedOffer, Dispute, Matching, Material, Payment, PriceChange, Quality, Recurrence, Reminder,
    RescheduleProposal, ServiceLocation, TimeSlot, Warranty,
};
use crate::{
    account::{Category, Image, User},
    decide::SerialNumber,
    kernel::{Code, Id, Rate, Text, Violation, before, visible},
    payment::is_numbered,
    pricing::Pricing,
};

/// The number by which people speak of a booking: `BK`, two digits of the year, two of the month, and of a
/// series six, or more after the first 999,999 of the month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BookingNumber(String);

impl BookingNumber {
    /// The number of the `sequence`-th booking of a month. Past 999,999 it has more than six digits of the
    /// series.
    #[must_use]
    pub fn new(at: DateTime<Utc>, sequence: u64) -> Self {
        Self(format!("BK{:02}{:02}{sequence:06}", at.year() % 100, at.month()))
    }

    /// The place of a number that is assigned when its booking is first committed.
    #[must_use]
    pub const fn pending() -> Self {
        Self(String::new())
    }

    /// Whether no number has been assigned yet.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        self.0.is_empty()
    }

    /// The series that numbers of this month are drawn from: `booking.2511`.
    #[must_use]
    pub fn series(at: DateTime<Utc>) -> String {
        format!("booking.{:02}{:02}", at.year() % 100, at.month())
    }

    /// The number that somebody has typed for an account: in any case, with blanks and separators
    /// anywhere.
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
        crate::payment::without_separators(text).parse().ok()
    }

    /// The number as a store holds it.
    #[must_use]
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SerialNumber for BookingNumber {
    fn is_pending(&self) -> bool {
        self.is_pending()
    }

    fn series(&self, at: DateTime<Utc>) -> String {
        Self::series(at)
    }

    fn assign(&mut self, at: DateTime<Utc>, sequence: u64) {
        *self = Self::new(at, sequence);
    }
}

impl fmt::Display for BookingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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
                "a booking number is BK and ten digits, or a few more in a busy month",
            ))
        }
    }
}

/// How soon it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Urgency {
    Low,
    #[default]
    Medium,
    High,
    Emergency,
}

impl Urgency {
    /// Every urgency, the least first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Emergency];

    /// The name in documents and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Emergency => "emergency",
        }
    }
}

/// One line of a booking's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// The status since.
    pub status: BookingStatus,
    /// By whom; `None` for the system.
    pub changed_by: Option<Id<User>>,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// Why, in a few words.
    pub reason: Option<String>,
    /// More about it.
    pub notes: Option<String>,
}

/// When the work took place. Pauses are not work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActualTimes {
    /// The first `in_progress`.
    #[serde(rename = "actualStartTime")]
    pub started_at: Option<DateTime<Utc>>,
    /// `completed`.
    #[serde(rename = "actualEndTime")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Minutes of work, pauses excluded, rounded down.
    #[serde(rename = "actualDuration")]
    pub worked_minutes: Option<i64>,
}

/// What the parties noted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Notes {
    pub customer: Option<Text<1000>>,
    pub technician: Option<Text<1000>>,
    /// For staff's eyes.
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
    /// Who booked.
    pub customer: Id<User>,
    /// Whom it is offered to or done by; from `assigned` on.
    pub technician: Option<Id<User>>,
    /// Whom the customer would like.
    pub preferred_technician: Option<Id<User>>,
    /// Who declined or did not answer; never offered again.
    pub declined_by: Vec<Id<User>>,
    /// What was offered to each of those; empty for bookings of the earlier application.
    #[serde(default)]
    pub declined_offers: Vec<DeclinedOffer>,
    /// What kind of work.
    pub service_category: Category,
    /// The service in the words of the price list.
    pub service_type: Text<100>,
    /// What is to be done.
    pub description: Text<1000>,
    /// How soon.
    pub urgency: Urgency,
    /// At most five.
    pub images: Vec<Image>,
    /// Where.
    #[serde(rename = "serviceLocation")]
    pub location: ServiceLocation,
    /// When.
    #[serde(rename = "timeSlot")]
    pub slot: TimeSlot,
    /// Where it is on its way.
    pub status: BookingStatus,
    /// How it came there; one line a transition.
    #[serde(rename = "statusHistory")]
    pub history: Vec<StatusChange>,
    /// When the work took place.
    #[serde(flatten)]
    pub actual: ActualTimes,
    /// What it costs.
    pub pricing: Pricing,
    /// Whose own rate the price is; the job is offered to nobody else at it. `None` for a price of the
    /// list.
    pub priced_for: Option<Id<User>>,
    /// How it is paid.
    pub payment: Payment,
    /// How the technician was found.
    #[serde(rename = "matchingDetails")]
    pub matching: Matching,
    /// The fees that the customer was shown.
    pub cancellation_policy: CancellationPolicy,
    /// The worst fee that an earlier slot had already come to; moving the slot does not lower it.
    pub cancellation_floor: Rate,
    /// How it was given up.
    pub cancellation: Option<Cancellation>,
    /// What is contested.
    pub dispute: Option<Dispute>,
    /// What was used and approved.
    #[serde(rename = "materialsUsed")]
    pub materials: Vec<Material>,
    /// What was added and approved.
    pub additional_services: Vec<AdditionalService>,
    /// A rise of the price that the customer has not decided, or the last one decided.
    pub price_change: Option<PriceChange>,
    /// Another slot that one side proposes.
    pub reschedule: Option<RescheduleProposal>,
    /// From when on the technician may set out, where the customer has agreed to an earlier moment
    /// than the policy's.
    pub early_start: Option<DateTime<Utc>>,
    /// The promise to mend.
    pub warranty: Warranty,
    /// The booking whose warranty this one fulfils.
    pub warranty_for: Option<Id<Booking>>,
    /// For which company.
    #[serde(rename = "corporateDetails")]
    pub corporate: Option<CorporateDetails>,
    /// What is to be remembered when; each sent at most once.
    pub reminders: Vec<Reminder>,
    /// Checkpoints, and the check of the finished work.
    #[serde(rename = "qualityCheck")]
    pub quality: Quality,
    /// What the parties noted.
    pub notes: Notes,
    /// Which application it came from.
    pub source: String,
    /// The rule by which it comes again.
    pub recurrence: Option<Recurrence>,
    /// The first booking of its series.
    pub recurring_parent: Option<Id<Booking>>,
    /// Which of its customer's open requests it is, until a technician has accepted it: the number of
    /// the claim that it holds. `None` also for what is not counted: the next of a series, a warranty.
    pub open_request: Option<u16>,
    /// When it was hidden; it stays stored.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// When it was last written. Never goes back.
    pub updated_at: DateTime<Utc>,
}

/// A booking: reads like its [`BookingRecord`], changes only through commands, each of which decides without
/// side effects and returns the decision to commit. It is the size of a pointer, since decisions pass it from
/// hand to hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Booking(pub(super) Box<BookingRecord>);

impl Deref for Booking {
    type Target = BookingRecord;

    fn deref(&self) -> &BookingRecord {
        &self.0
    }
}

impl Booking {
    /// The booking that a store keeps. No rule is checked: rules bind what is written, not what is stored.
    #[must_use]
    pub fn from_record(record: BookingRecord) -> Self {
        Self(Box::new(record))
    }

    /// What a store keeps.
    #[must_use]
    pub fn into_record(self) -> BookingRecord {
        *self.0
    }

    /// When it last came into the status it is in; when it was created where its history does not tell.
    #[must_use]
    pub fn entered_at(&self) -> DateTime<Utc> {
        self.entered(self.status).unwrap_or(self.created_at)
    }

    /// When it last came into a status.
    #[must_use]
    pub fn entered(&self, status: BookingStatus) -> Option<DateTime<Utc>> {
        self.history.iter().rfind(|change| change.status == status).map(|change| change.changed_at)
    }

    /// The first moment at which the technician can set out: some hours before the start, or earlier
    /// where the customer has agreed to that.
    #[must_use]
    pub fn departure_from(&self, policy: &BookingPolicy) -> DateTime<Utc> {
        let usual = before(self.slot.starts_at(), policy.early_departure);
        self.early_start.map_or(usual, |agreed| agreed.min(usual))
    }

    /// Time worked until `now`: what lies between `in_progress` and the next change, summed.
    pub(super) fn worked(&self, now: DateTime<Utc>) -> TimeDelta {
        let ends = self.history.iter().skip(1).map(|change| change.changed_at).chain([now]);
        let spans = self.history.iter().zip(ends);
        spans
            .filter(|(change, _)| change.status == BookingStatus::InProgress)
            .fold(TimeDelta::zero(), |sum, (change, end)| sum + (end - change.changed_at))
    }
}
