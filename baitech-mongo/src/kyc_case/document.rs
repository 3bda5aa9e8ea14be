//! The stored form of an identity check.

use baitech_core::account::{IdType, KycCase, KycCaseRecord, KycCaseStatus, KycDocuments, User};
use baitech_core::kernel::{Id, Text};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{serde_as, skip_serializing_none};

use crate::value::{AsText, Millis, Oid, Whole, stored_form};

/// One document of `kyccases`. No `Debug`, since the documents are personal data.
#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "KycCaseRecord", rename_all = "camelCase")]
pub(super) struct StoredKycCase {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<KycCase>,
    #[serde_as(as = "Oid")]
    user: Id<User>,
    #[serde_as(as = "StoredDocuments")]
    documents: KycDocuments,
    status: KycCaseStatus,
    #[serde_as(as = "Millis")]
    submitted_at: DateTime<Utc>,
    #[serde_as(as = "Option<Millis>")]
    reminded_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Whole")]
    reminders: u32,
    #[serde_as(as = "Option<Oid>")]
    decided_by: Option<Id<User>>,
    #[serde_as(as = "Option<Millis>")]
    decided_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<AsText>")]
    reason: Option<Text<500>>,
    #[serde_as(as = "Millis")]
    updated_at: DateTime<Utc>,
}

stored_form!(StoredKycCase of KycCaseRecord);

#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
#[serde(remote = "KycDocuments", rename_all = "camelCase")]
struct StoredDocuments {
    id_type: IdType,
    id_number: String,
    front_image: String,
    back_image: Option<String>,
}

stored_form!(StoredDocuments of KycDocuments);
