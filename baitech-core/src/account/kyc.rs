use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::User;
use crate::kernel::{Id, Text};

/// How far the check of a user's identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KycStatus {
    /// Nothing was handed in.
    #[default]
    None,
    /// Handed in, not decided.
    Submitted,
    /// Staff has verified it.
    Verified,
    /// Staff has rejected it; it can be handed in again.
    Rejected,
}

impl KycStatus {
    /// The name in documents and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Submitted => "submitted",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
        }
    }
}

/// Which document proves the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum IdType {
    NationalId,
    Passport,
    DriversLicense,
}

/// The check of a user's identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names say it")]
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

/// What a user hands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct KycDocuments {
    pub id_type: IdType,
    pub id_number: String,
    pub front_image: String,
    #[serde(default)]
    pub back_image: Option<String>,
}

/// What staff decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "decision", content = "reason")]
pub enum KycDecision {
    /// The documents prove who the user is.
    Verify,
    /// They do not, and why.
    Reject(String),
}
