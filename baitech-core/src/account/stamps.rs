use super::{KycStatus, User, UserStatus};
use crate::kernel::Role;

/// The fields of a user that determine its permissions; `None` for a field that does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserStamps {
    /// The role.
    pub role: Option<Role>,
    /// The account's status.
    pub status: Option<UserStatus>,
    /// The state of the identity check.
    pub kyc: Option<KycStatus>,
}

impl UserStamps {
    /// The current role and status of a user.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self { role: Some(user.role), status: Some(user.status), kyc: None }
    }

    /// Adds the user's current identity state.
    #[must_use]
    pub fn with_kyc(self, user: &User) -> Self {
        Self { kyc: Some(user.kyc.status), ..self }
    }

    /// Whether a user has all of these stamps.
    #[must_use]
    pub fn hold_for(&self, user: &User) -> bool {
        let Self { role, status, kyc } = *self;
        role.is_none_or(|role| role == user.role)
            && status.is_none_or(|status| status == user.status)
            && kyc.is_none_or(|kyc| kyc == user.kyc.status)
    }

    /// Combines both; `None` if they contradict each other.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        fn both<T: PartialEq>(one: Option<T>, other: Option<T>) -> Option<Option<T>> {
            match (one, other) {
                (Some(one), Some(other)) => (one == other).then_some(Some(one)),
                (one, other) => Some(one.or(other)),
            }
        }
        Some(Self {
            role: both(self.role, other.role)?,
            status: both(self.status, other.status)?,
            kyc: both(self.kyc, other.kyc)?,
        })
    }
}
