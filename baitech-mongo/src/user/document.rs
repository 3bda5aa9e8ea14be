//! The stored form of a user, in the layout of the earlier application.

use baitech_core::account::{self, BillingInfo, Gender, User, UserStatus};
use baitech_core::kernel::{Currency, Email, Id, PhoneNumber, Role, Text, Username};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::{DefaultOnNull, serde_as, skip_serializing_none};

use super::parts::{
    Address, Billing, Exception, Image, Insurance, Kyc, Licence, Place, PlaceDrawn, Rating, Skill, Slot,
    Stats,
};
use crate::value::{AsText, Finite, Iso4217, Millis, Number128, Oid, StoredDay, Whole};

/// One document of `users`. Fields of the earlier application that no feature needs yet are omitted on
/// purpose: a save never touches fields that are not listed here.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    pub(super) id: Id<User>,
    /// Always written, like the next five fields.
    pub(super) role: Option<Role>,
    pub(super) status: Option<UserStatus>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) first_name: Option<Text<50>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) last_name: Option<Text<50>>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) email: Option<Email>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) phone_number: Option<PhoneNumber>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) username: Option<Username>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) bio: Option<Text<500>>,
    pub(super) gender: Option<Gender>,
    pub(super) date_of_birth: Option<StoredDay>,
    #[serde_as(as = "Option<Image>")]
    pub(super) profile_picture: Option<account::Image>,
    /// Only with a point: the server refuses anything else under a 2dsphere index.
    pub(super) location: Option<Place>,
    /// The place that matching uses for a technician; valid only for the home for which it was drawn.
    pub(super) public_place: Option<Place>,
    /// The home for which the public place was drawn, and the place; kept while the user has no home.
    pub(super) place_drawn: Option<PlaceDrawn>,
    /// The address of a user without a point.
    pub(super) address: Option<Address>,

    #[serde_as(as = "DefaultOnNull<Vec<Skill>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) skills: Vec<account::Skill>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) availability: Vec<Slot>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) availability_exceptions: Vec<Exception>,
    pub(super) time_zone: Option<Tz>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) hourly_rate: Option<Decimal>,
    /// ISO 4217; KES if missing.
    #[serde_as(as = "Option<Iso4217>")]
    pub(super) hourly_rate_currency: Option<Currency>,
    /// Kilometres.
    #[serde_as(as = "Option<Finite>")]
    pub(super) service_radius: Option<f64>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) business_name: Option<Text<100>>,
    #[serde_as(as = "Option<Whole>")]
    pub(super) years_of_experience: Option<u32>,
    pub(super) business_license: Option<Licence>,
    #[serde_as(as = "Option<Insurance>")]
    pub(super) insurance: Option<account::Insurance>,

    #[serde_as(as = "Option<AsText>")]
    pub(super) company_name: Option<Text<150>>,
    pub(super) company_registration: Option<String>,
    pub(super) department: Option<String>,
    #[serde_as(as = "Option<Whole>")]
    pub(super) employee_count: Option<u32>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) corporate_admin: Option<Id<User>>,
    #[serde_as(as = "Option<Billing>")]
    pub(super) billing_info: Option<BillingInfo>,

    pub(super) kyc: Option<Kyc>,
    #[serde_as(as = "Option<Rating>")]
    pub(super) rating: Option<account::Rating>,
    pub(super) stats: Option<Stats>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) created_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) updated_at: Option<DateTime<Utc>>,
}
