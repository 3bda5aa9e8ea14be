use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{KycCase, KycCaseRecord, KycCaseStatus};
use crate::{
    account::{KycDocuments, User},
    kernel::{Id, Text},
    store::{Stored, Version},
};

/// An identity check, as its user and staff see it. It contains personal data: the number of an identity
/// document, and the names of its images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KycCaseView {
    /// Its id.
    pub id: Id<KycCase>,
    /// The number of times it was written.
    pub version: Version,
    /// The user whose identity is checked.
    pub user: Id<User>,
    /// The documents that were submitted last.
    pub documents: KycDocuments,
    /// The status.
    pub status: KycCaseStatus,
    /// When it was opened.
    pub submitted_at: DateTime<Utc>,
    /// When staff were last reminded.
    pub reminded_at: Option<DateTime<Utc>>,
    /// How often staff were reminded.
    pub reminders: u32,
    /// Who decided it; `None` while it is open, and for the platform itself.
    pub decided_by: Option<Id<User>>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why the documents were rejected.
    pub reason: Option<Text<500>>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl From<Stored<KycCase>> for KycCaseView {
    fn from(stored: Stored<KycCase>) -> Self {
        let version = stored.version;
        let KycCaseRecord {
            id,
            user,
            documents,
            status,
            submitted_at,
            reminded_at,
            reminders,
            decided_by,
            decided_at,
            reason,
            updated_at,
        } = stored.value.into_record();
        Self {
            id,
            version,
            user,
            documents,
            status,
            submitted_at,
            reminded_at,
            reminders,
            decided_by,
            decided_at,
            reason,
            updated_at,
        }
    }
}
