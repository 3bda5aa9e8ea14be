//! The parts of a booking's document.
//!
//! A nested document that may be missing has only optional fields: the earlier application may have stored it
//! incompletely.

use baitech_core::account::{self, TimeOfDay, User};
use baitech_core::kernel::{ElementId, GeoPoint, Id, Percent, Text};
use baitech_core::transaction::Transaction;
use baitech_core::{
    booking::{
        self, ApprovalStatus, Booking, BookingStatus, CancellationCause, DisputeCategory, DisputeStatus,
        PaymentStatus, ReminderKind, Supplier,
    },
    transaction::{PaymentMethod, PaymentTiming},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::{DefaultOnNull, serde_as, skip_serializing_none};

use super::pricing::Pricing;
use crate::user::parts::Image;
use crate::value::{
    AsText, Clock, Coordinates, Finite, Millis, Number128, Oid, StoredDay, Whole, stored_form,
};

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde_as(as = "Coordinates")]
    #[serde(rename = "coordinates", default)]
    pub(super) point: Option<GeoPoint>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) address: Option<Text<300>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) city: Option<Text<100>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) county: Option<Text<100>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) postal_code: Option<Text<20>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) landmarks: Option<Text<300>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) access_instructions: Option<Text<500>>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Slot {
    /// Any time of the day in the zone; we store midnight in the zone, by which the jobs of a day are
    /// counted.
    #[serde_as(as = "Option<Millis>")]
    pub(super) date: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Clock>")]
    pub(super) start_time: Option<TimeOfDay>,
    #[serde_as(as = "Option<Clock>")]
    pub(super) end_time: Option<TimeOfDay>,
    /// Minutes.
    #[serde_as(as = "Option<Whole>")]
    pub(super) estimated_duration: Option<u32>,
    pub(super) time_zone: Option<Tz>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "booking::StatusChange", rename_all = "camelCase")]
pub(super) struct StatusChange {
    status: BookingStatus,
    #[serde_as(as = "Option<Oid>")]
    changed_by: Option<Id<User>>,
    #[serde_as(as = "Millis")]
    changed_at: DateTime<Utc>,
    reason: Option<String>,
    notes: Option<String>,
}

stored_form!(StatusChange of booking::StatusChange);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    pub(super) status: Option<PaymentStatus>,
    pub(super) method: Option<PaymentMethod>,
    pub(super) timing: Option<PaymentTiming>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) transaction_id: Option<Id<Transaction>>,
    #[serde_as(as = "DefaultOnNull<Vec<Oid>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) supplements: Vec<Id<Transaction>>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) paid: Option<Decimal>,
    /// Written only if it differs from the status: a payment with status `held` is in escrow, any other is
    /// not.
    pub(super) held: Option<bool>,
    /// Missing for false.
    pub(super) on_hold: Option<bool>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) paid_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) withholding: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) reserved_commission: Option<Decimal>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "booking::Matching", rename_all = "camelCase")]
pub(super) struct Matching {
    #[serde_as(as = "Option<Millis>")]
    requested_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    attempted_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    matched_at: Option<DateTime<Utc>>,
    algorithm: Option<String>,
    #[serde_as(as = "Option<Finite>")]
    #[serde(rename = "matchScore")]
    score: Option<f64>,
    #[serde_as(as = "DefaultOnNull<Vec<Alternative>>")]
    #[serde(rename = "alternativeTechnicians", default, skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<booking::Alternative>,
}

stored_form!(Matching of booking::Matching);

#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "booking::Alternative")]
pub(super) struct Alternative {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    element: ElementId,
    #[serde_as(as = "Oid")]
    technician: Id<User>,
    #[serde_as(as = "DefaultOnNull<Finite>")]
    #[serde(default)]
    score: f64,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    reason: String,
}

stored_form!(Alternative of booking::Alternative);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancellation {
    #[serde_as(as = "Option<Oid>")]
    pub(super) cancelled_by: Option<Id<User>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) cancelled_at: Option<DateTime<Utc>>,
    pub(super) reason: Option<String>,
    pub(super) cause: Option<CancellationCause>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) cancellation_fee: Option<Decimal>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dispute {
    #[serde_as(as = "Option<Oid>")]
    pub(super) raised_by: Option<Id<User>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) raised_at: Option<DateTime<Utc>>,
    pub(super) raised_from: Option<BookingStatus>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) reason: Option<Text<1000>>,
    /// The earlier application had other categories, which read as `None`.
    pub(super) category: Option<DisputeCategory>,
    pub(super) status: Option<DisputeStatus>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) escalated_at: Option<DateTime<Utc>>,
    #[serde_as(as = "DefaultOnNull<Vec<Evidence>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) evidence: Vec<booking::Evidence>,
    /// The earlier application wrote free text here, which reads as no decision.
    pub(super) resolution: Option<Resolution>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "booking::Evidence", rename_all = "camelCase")]
pub(super) struct Evidence {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    element: ElementId,
    #[serde_as(as = "Oid")]
    submitted_by: Id<User>,
    #[serde_as(as = "Millis")]
    submitted_at: DateTime<Utc>,
    #[serde_as(as = "AsText")]
    text: Text<1000>,
    #[serde_as(as = "DefaultOnNull<Vec<Image>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    images: Vec<account::Image>,
}

stored_form!(Evidence of booking::Evidence);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    FullRefund,
    PartialRefund,
    Release,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resolution {
    pub(super) outcome: Outcome,
    /// The amount of a partial refund.
    #[serde_as(as = "Option<Number128>")]
    pub(super) amount: Option<Decimal>,
    #[serde_as(as = "Oid")]
    pub(super) resolved_by: Id<User>,
    #[serde_as(as = "Millis")]
    pub(super) resolved_at: DateTime<Utc>,
    #[serde_as(as = "AsText")]
    pub(super) notes: Text<1000>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Material {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    pub(super) element: ElementId,
    #[serde_as(as = "AsText")]
    pub(super) name: Text<100>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) quantity: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) unit_price: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) total_price: Option<Decimal>,
    pub(super) provided_by: Option<Supplier>,
}

/// An additional service.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extra {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    pub(super) element: ElementId,
    #[serde_as(as = "AsText")]
    pub(super) name: Text<100>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) price: Option<Decimal>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriceChange {
    #[serde_as(as = "Oid")]
    pub(super) proposed_by: Id<User>,
    #[serde_as(as = "Millis")]
    pub(super) proposed_at: DateTime<Utc>,
    #[serde_as(as = "AsText")]
    pub(super) reason: Text<500>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) materials: Vec<Material>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) services: Vec<Extra>,
    pub(super) pricing: Pricing,
    pub(super) status: ApprovalStatus,
    #[serde_as(as = "Option<Millis>")]
    pub(super) decided_at: Option<DateTime<Utc>>,
}

/// An offer that ended without acceptance, as it was made.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeclinedOffer {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    pub(super) element: ElementId,
    #[serde_as(as = "Oid")]
    pub(super) technician: Id<User>,
    #[serde_as(as = "Millis")]
    pub(super) declined_at: DateTime<Utc>,
    pub(super) time_slot: Slot,
    pub(super) pricing: Pricing,
    pub(super) payment_method: Option<PaymentMethod>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reschedule {
    #[serde_as(as = "Oid")]
    pub(super) proposed_by: Id<User>,
    #[serde_as(as = "Millis")]
    pub(super) proposed_at: DateTime<Utc>,
    pub(super) slot: Slot,
    #[serde_as(as = "Option<AsText>")]
    pub(super) reason: Option<Text<500>>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "booking::Warranty", rename_all = "camelCase")]
pub(super) struct Warranty {
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    offered: bool,
    #[serde_as(as = "Option<Whole>")]
    #[serde(rename = "duration")]
    days: Option<u32>,
    #[serde_as(as = "Option<AsText>")]
    terms: Option<Text<1000>>,
    #[serde_as(as = "Option<Millis>")]
    expires_at: Option<DateTime<Utc>>,
    #[serde_as(as = "DefaultOnNull<Vec<Oid>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    claims: Vec<Id<Booking>>,
}

stored_form!(Warranty of booking::Warranty);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Corporate {
    /// Without a company, it is not a company's booking.
    #[serde_as(as = "Option<Oid>")]
    pub(super) company: Option<Id<User>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) project_name: Option<Text<150>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) project_code: Option<Text<50>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) department: Option<Text<100>>,
    pub(super) approval: Option<ApprovalStatus>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) decided_by: Option<Id<User>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) decided_at: Option<DateTime<Utc>>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "booking::Reminder", rename_all = "camelCase")]
pub(super) struct Reminder {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    element: ElementId,
    #[serde(rename = "type")]
    kind: ReminderKind,
    #[serde_as(as = "Millis")]
    scheduled_for: DateTime<Utc>,
    #[serde_as(as = "Option<Millis>")]
    sent_at: Option<DateTime<Utc>>,
}

stored_form!(Reminder of booking::Reminder);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quality {
    #[serde_as(as = "DefaultOnNull<Vec<Checkpoint>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) checkpoints: Vec<booking::Checkpoint>,
    /// Whether the finished work was checked, as the earlier application stored it.
    pub(super) checked: Option<bool>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) checked_by: Option<Id<User>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) checked_at: Option<DateTime<Utc>>,
    pub(super) score: Option<Percent>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) notes: Option<Text<500>>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "booking::Checkpoint", rename_all = "camelCase")]
pub(super) struct Checkpoint {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    element: ElementId,
    #[serde_as(as = "AsText")]
    name: Text<100>,
    passed: bool,
    #[serde_as(as = "Oid")]
    checked_by: Id<User>,
    #[serde_as(as = "Millis")]
    checked_at: DateTime<Utc>,
    #[serde_as(as = "Option<AsText>")]
    notes: Option<Text<500>>,
}

stored_form!(Checkpoint of booking::Checkpoint);

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "booking::Notes")]
pub(super) struct Notes {
    #[serde_as(as = "Option<AsText>")]
    customer: Option<Text<1000>>,
    #[serde_as(as = "Option<AsText>")]
    technician: Option<Text<1000>>,
    #[serde_as(as = "Option<AsText>")]
    admin: Option<Text<1000>>,
}

stored_form!(Notes of booking::Notes);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recurrence {
    /// RFC 5545.
    pub(super) rule: String,
    /// If missing, the day of the slot.
    pub(super) first: Option<StoredDay>,
    pub(super) booked_until: StoredDay,
    pub(super) next: Option<StoredDay>,
}
