use serde::{Deserialize, Serialize};

use super::{KycStatus, UserStatus};
use crate::kernel::Role;

/// Events of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountEvent {
    /// A user registered.
    UserRegistered {
        /// The user's role.
        role: Role,
    },
    /// The profile changed.
    UserProfileChanged,
    /// The identity check changed its status.
    UserKycChanged {
        /// The new status.
        status: KycStatus,
    },
    /// The account was suspended, banned, deactivated or restored.
    UserStatusChanged {
        /// The status before.
        from: UserStatus,
        /// The status after.
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
