use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::User;
use crate::kernel::{Id, Text, named};

named! {
    /// The status of a user's identity check.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
    pub enum KycStatus {
        /// No documents were submitted.
        #[default]
        None = "none",
        /// Submitted, not decided.
        Submitted = "submitted",
        /// Staff has verified it.
        Verified = "verified",
        /// Staff has rejected it; the user can submit documents again.
        Rejected = "rejected",
    }
}

/// The type of identity document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum IdType {
    NationalId,
    Passport,
    DriversLicense,
}

/// The check of a user's identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Kyc {
    pub status: KycStatus,
    pub id_type: Option<IdType>,
    pub id_number: Option<String>,
    pub front_image: Option<String>,
    pub back_image: Option<String>,
    /// Why it was rejected.
    pub rejection_reason: Option<Text<500>>,
    pub verified_by: Option<Id<User>>,
    pub verified_at: Option<DateTime<Utc>>,
}

/// The documents that a user submits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct KycDocuments {
    pub id_type: IdType,
    pub id_number: String,
    pub front_image: String,
    #[serde(default)]
    pub back_image: Option<String>,
}

/// The decision of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "decision", content = "reason")]
pub enum KycDecision {
    /// The documents prove the identity.
    Verify,
    /// They do not, for this reason.
    Reject(String),
}
