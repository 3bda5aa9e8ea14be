use super::{AggregateRef, Version};
use crate::{
    account::{KycStatus, User, UserStatus},
    kernel::{Id, Money, Role},
    ledger::Account,
};

/// What a decision relies on without writing it.
///
/// Serialisable: of two commits of which one writes what the other guards, they take effect one after the
/// other, or one gets a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// An aggregate is still at this version.
    Version {
        /// Which aggregate.
        target: AggregateRef,
        /// At which version.
        version: Version,
    },
    /// A user still has these stamps. Everything else of the user may change, counters above all: that is no
    /// conflict.
    User {
        /// Which user.
        id: Id<User>,
        /// What must be so.
        stamps: UserStamps,
    },
    /// An account holds at least so much, whether the set moves it or not. It is checked with the bounds,
    /// before the entries of the set.
    Balance {
        /// Which account: none of the platform's own.
        account: Account,
        /// The least.
        min: Money,
    },
}

impl Guard {
    /// The guarded aggregate, where it is one.
    #[must_use]
    pub const fn target(&self) -> Option<AggregateRef> {
        match self {
            Self::Version { target, version: _ } => Some(*target),
            Self::User { id, stamps: _ } => Some(AggregateRef::User(*id)),
            Self::Balance { account: _, min: _ } => None,
        }
    }
}

/// What of a user decides what the user may do; `None` where it does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserStamps {
    /// The role.
    pub role: Option<Role>,
    /// The account's status.
    pub status: Option<UserStatus>,
    /// How far the identity is verified.
    pub kyc: Option<KycStatus>,
}

impl UserStamps {
    /// The role and the status that a user has now.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self { role: Some(user.role), status: Some(user.status), kyc: None }
    }

    /// With the state of the user's identity.
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

    /// Both of these; `None` where they contradict each other.
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
