use serde::{Deserialize, Serialize};

use super::KycCaseStatus;
use crate::{account::User, kernel::Id};

/// Events of an identity check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum KycCaseEvent {
    /// A user submitted documents.
    KycCaseOpened {
        /// The user.
        user: Id<User>,
    },
    /// The user submitted other documents before staff decided.
    KycCaseDocumentsReplaced {
        /// The user.
        user: Id<User>,
    },
    /// Staff are reminded of an open case.
    KycCaseReminded {
        /// The user.
        user: Id<User>,
        /// How often staff were reminded, counting this time.
        reminders: u32,
    },
    /// Staff decided.
    KycCaseClosed {
        /// The user.
        user: Id<User>,
        /// The decision.
        status: KycCaseStatus,
    },
}

impl KycCaseEvent {
    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::KycCaseOpened { .. } => "kyc_case.opened",
            Self::KycCaseDocumentsReplaced { .. } => "kyc_case.documents_replaced",
            Self::KycCaseReminded { .. } => "kyc_case.reminded",
            Self::KycCaseClosed { .. } => "kyc_case.closed",
        }
    }
}
