use serde::{Deserialize, Serialize};

use super::{KycStatus, UserStatus};
use crate::{kernel::Role, store::events};

events! {
    /// Events of an account.
    pub enum AccountEvent {
        /// A user registered.
        UserRegistered("user.registered") {
            /// The user's role.
            role: Role,
        },
        /// The profile changed.
        UserProfileChanged("user.profile_changed"),
        /// The identity check changed its status.
        UserKycChanged("user.kyc_changed") {
            /// The new status.
            status: KycStatus,
        },
        /// The account was suspended, banned, deactivated or restored.
        UserStatusChanged("user.status_changed") {
            /// The status before.
            from: UserStatus,
            /// The status after.
            to: UserStatus,
        },
    }
}
