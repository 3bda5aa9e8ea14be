use serde::{Deserialize, Serialize};

use super::{KycStatus, UserStatus};
use crate::kernel::Role;

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountEvent {
    /// Somebody joined.
    UserRegistered {
        /// As what.
        role: Role,
    },
    /// The profile changed.
    UserProfileChanged,
    /// The identity check went on.
    UserKycChanged {
        /// Where it is now.
        status: KycStatus,
    },
    /// The account was suspended, banned, left or restored.
    UserStatusChanged {
        /// From.
        from: UserStatus,
        /// To.
        to: UserStatus,
    },
}

impl AccountEvent {
    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UserRegistered { .. } => "user.registered",
            Self::UserProfileChanged => "user.profile_changed",
            Self::UserKycChanged { .. } => "user.kyc_changed",
            Self::UserStatusChanged { .. } => "user.status_changed",
        }
    }
}
