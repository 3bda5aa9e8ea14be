//! The stored form of a booking, in the layout of the earlier application.

use baitech_core::account::{self, Category, User};
use baitech_core::kernel::{Id, Rate, Text};
use baitech_core::{
    booking::{self, Booking, BookingNumber, BookingStatus, CancellationPolicy},
    schedule::Urgency,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{DefaultOnNull, serde_as, skip_serializing_none};

use super::parts::{
    Cancellation, Corporate, DeclinedOffer, Dispute, Extra, Location, Matching, Material, Notes, Payment,
    PriceChange, Quality, Recurrence, Reminder, Reschedule, Slot, StatusChange, Warranty,
};
use super::pricing::Pricing;
use super::rate::{BasisPoints, StoredPolicy};
use crate::user::parts::Image;
use crate::value::{AsText, Millis, Oid, Whole};

/// A document of the collection `bookings`. All its amounts are in the currency of `pricing`.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookingDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    pub(super) id: Id<Booking>,
    #[serde_as(as = "AsText")]
    pub(super) booking_number: BookingNumber,
    #[serde_as(as = "Oid")]
    pub(super) customer: Id<User>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) technician: Option<Id<User>>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) preferred_technician: Option<Id<User>>,
    #[serde_as(as = "DefaultOnNull<Vec<Oid>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) declined_by: Vec<Id<User>>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) declined_offers: Vec<DeclinedOffer>,
    /// Always written, but a stored document may lack it; therefore it is an `Option`. The same holds for
    /// other fields that every booking has, such as `urgency`.
    pub(super) service_category: Option<Category>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) service_type: Option<Text<100>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) description: Option<Text<1000>>,
    pub(super) urgency: Option<Urgency>,
    #[serde_as(as = "DefaultOnNull<Vec<Image>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<account::Image>,
    pub(super) service_location: Option<Location>,
    pub(super) time_slot: Option<Slot>,
    pub(super) status: BookingStatus,
    #[serde_as(as = "DefaultOnNull<Vec<StatusChange>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) status_history: Vec<booking::StatusChange>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) actual_start_time: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) actual_end_time: Option<DateTime<Utc>>,
    /// In minutes.
    #[serde_as(as = "Option<Whole>")]
    pub(super) actual_duration: Option<i64>,
    pub(super) pricing: Pricing,
    #[serde_as(as = "Option<Oid>")]
    pub(super) priced_for: Option<Id<User>>,
    pub(super) open_request: Option<u16>,
    pub(super) payment: Option<Payment>,
    #[serde_as(as = "Option<Matching>")]
    pub(super) matching_details: Option<booking::Matching>,
    #[serde_as(as = "Option<StoredPolicy>")]
    pub(super) cancellation_policy: Option<CancellationPolicy>,
    /// In basis points.
    #[serde_as(as = "Option<BasisPoints>")]
    pub(super) cancellation_floor: Option<Rate>,
    pub(super) cancellation: Option<Cancellation>,
    pub(super) dispute: Option<Dispute>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) materials_used: Vec<Material>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) additional_services: Vec<Extra>,
    pub(super) price_change: Option<PriceChange>,
    pub(super) reschedule: Option<Reschedule>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) early_start: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Warranty>")]
    pub(super) warranty: Option<booking::Warranty>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) warranty_for: Option<Id<Booking>>,
    pub(super) corporate_details: Option<Corporate>,
    #[serde_as(as = "DefaultOnNull<Vec<Reminder>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) reminders: Vec<booking::Reminder>,
    pub(super) quality_check: Option<Quality>,
    #[serde_as(as = "Option<Notes>")]
    pub(super) notes: Option<booking::Notes>,
    pub(super) source: Option<String>,
    pub(super) is_recurring: Option<bool>,
    pub(super) recurrence: Option<Recurrence>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) recurring_parent: Option<Id<Booking>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) deleted_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) created_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) updated_at: Option<DateTime<Utc>>,
}
