//! The parts of a user's document.

use baitech_core::account::{self, Category, IdType, KycStatus, TimeOfDay, User};
use baitech_core::kernel::{Currency, ElementId, GeoPoint, Id, Text};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::{DefaultOnNull, serde_as, skip_serializing_none};

use crate::value::{
    AsText, Clock, Coordinates, Finite, Iso4217, Millis, Number128, Oid, Real, StoredDay, Whole, stored_form,
};

#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
#[serde(remote = "account::Image", rename_all = "camelCase")]
pub(crate) struct Image {
    url: String,
    public_id: Option<String>,
}

stored_form!(Image of account::Image);

/// A GeoJSON point with its address.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Place {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    #[serde_as(as = "Coordinates")]
    #[serde(rename = "coordinates", default)]
    pub(crate) point: Option<GeoPoint>,
    pub(crate) address: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) county: Option<String>,
    pub(crate) country: Option<String>,
}

/// Longitude, latitude of a home and of the public place drawn for it.
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlaceDrawn {
    #[serde_as(as = "Vec<Finite>")]
    pub(crate) home: Vec<f64>,
    #[serde_as(as = "Vec<Finite>")]
    pub(crate) point: Vec<f64>,
}

#[skip_serializing_none]
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) address: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) county: Option<String>,
    pub(crate) country: Option<String>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "account::Skill", rename_all = "camelCase")]
pub(crate) struct Skill {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    element: ElementId,
    #[serde_as(as = "AsText")]
    name: Text<100>,
    category: Category,
    #[serde_as(as = "DefaultOnNull<Whole>")]
    #[serde(default)]
    years_of_experience: u32,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    verified: bool,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    verification_documents: Vec<String>,
}

stored_form!(Skill of account::Skill);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Slot {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    pub(crate) element: ElementId,
    /// 0 is Sunday.
    #[serde_as(as = "Whole")]
    pub(crate) day_of_week: u8,
    #[serde_as(as = "Clock")]
    pub(crate) start_time: TimeOfDay,
    #[serde_as(as = "Clock")]
    pub(crate) end_time: TimeOfDay,
    pub(crate) is_available: Option<bool>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exception {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    pub(crate) element: ElementId,
    pub(crate) date: StoredDay,
    #[serde_as(as = "Clock")]
    pub(crate) start_time: TimeOfDay,
    #[serde_as(as = "Clock")]
    pub(crate) end_time: TimeOfDay,
    pub(crate) is_available: bool,
    #[serde_as(as = "Option<AsText>")]
    pub(crate) reason: Option<Text<200>>,
}

#[skip_serializing_none]
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Licence {
    pub(crate) number: Option<String>,
    pub(crate) verified: Option<bool>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "account::Insurance", rename_all = "camelCase")]
pub(crate) struct Insurance {
    provider: Option<String>,
    policy_number: Option<String>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    verified: bool,
}

stored_form!(Insurance of account::Insurance);

#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
#[serde(remote = "account::BillingInfo", rename_all = "camelCase")]
pub(crate) struct Billing {
    tax_id: Option<String>,
    billing_email: Option<String>,
    billing_address: Option<String>,
    payment_terms: Option<String>,
}

stored_form!(Billing of account::BillingInfo);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kyc {
    /// Missing in documents of the earlier application, which only knew `verified`.
    pub(crate) status: Option<KycStatus>,
    pub(crate) verified: Option<bool>,
    pub(crate) id_type: Option<IdType>,
    pub(crate) id_number: Option<String>,
    pub(crate) front_image: Option<String>,
    pub(crate) back_image: Option<String>,
    #[serde_as(as = "Option<AsText>")]
    pub(crate) rejection_reason: Option<Text<500>>,
    #[serde_as(as = "Option<Oid>")]
    pub(crate) verified_by: Option<Id<User>>,
    #[serde_as(as = "Option<Millis>")]
    pub(crate) verified_at: Option<DateTime<Utc>>,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "account::Rating")]
pub(crate) struct Rating {
    #[serde_as(as = "DefaultOnNull<Real>")]
    #[serde(default)]
    average: Decimal,
    #[serde_as(as = "DefaultOnNull<Whole>")]
    #[serde(default)]
    count: u32,
}

stored_form!(Rating of account::Rating);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    #[serde_as(as = "Option<Whole>")]
    pub(crate) total_bookings: Option<u32>,
    #[serde_as(as = "Option<Whole>")]
    pub(crate) completed_bookings: Option<u32>,
    #[serde_as(as = "Option<Whole>")]
    pub(crate) cancelled_bookings: Option<u32>,
    #[serde_as(as = "Option<Number128>")]
    pub(crate) total_earnings: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    pub(crate) total_spent: Option<Decimal>,
    /// ISO 4217 of the two sums; KES if missing.
    #[serde_as(as = "Option<Iso4217>")]
    pub(crate) currency: Option<Currency>,
    /// Minutes.
    #[serde_as(as = "Option<Real>")]
    pub(crate) response_time: Option<Decimal>,
    #[serde_as(as = "Option<Whole>")]
    pub(crate) arrivals: Option<u32>,
    #[serde_as(as = "Option<Whole>")]
    pub(crate) late_arrivals: Option<u32>,
}
