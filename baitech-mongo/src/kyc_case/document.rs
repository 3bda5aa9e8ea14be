//! The stored form of an identity check.

use baitech_core::account::{IdType, KycCase, KycCaseRecord, KycCaseStatus, KycDocuments, User};
use baitech_core::kernel::{Id, Text};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{serde_as, skip_serializing_none};

use crate::value::{Millis, Oid, Whole};

/// One document of `kyccases`. No `Debug`, since the documents are personal data.
#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KycCaseDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<KycCase>,
    #[serde_as(as = "Oid")]
    user: Id<User>,
    documents: Documents,
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
    reason: Option<String>,
    #[serde_as(as = "Millis")]
    updated_at: DateTime<Utc>,
}

#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Documents {
    id_type: IdType,
    id_number: String,
    front_image: String,
    back_image: Option<String>,
}

impl From<KycCase> for KycCaseDocument {
    fn from(case: KycCase) -> Self {
        let KycCaseRecord {
            id,
            user,
            documents: KycDocuments { id_type, id_number, front_image, back_image },
            status,
            submitted_at,
            reminded_at,
            reminders,
            decided_by,
            decided_at,
            reason,
            updated_at,
        } = case.into_record();
        Self {
            id,
            user,
            documents: Documents { id_type, id_number, front_image, back_image },
            status,
            submitted_at,
            reminded_at,
            reminders,
            decided_by,
            decided_at,
            reason: reason.map(|text| text.to_string()),
            updated_at,
        }
    }
}

impl KycCaseDocument {
    pub(super) fn into_case(self) -> KycCase {
        let Self {
            id,
            user,
            documents: Documents { id_type, id_number, front_image, back_image },
            status,
            submitted_at,
            reminded_at,
            reminders,
            decided_by,
            decided_at,
            reason,
            updated_at,
        } = self;
        KycCase::from_record(KycCaseRecord {
            id,
            user,
            documents: KycDocuments { id_type, id_number, front_image, back_image },
            status,
            submitted_at,
            reminded_at,
            reminders,
            decided_by,
            decided_at,
            reason: reason.map(Text::from_stored),
            updated_at,
        })
    }
}
