use super::{Account, AggregateRef};
use crate::{
    account::{User, UserStamps},
    kernel::{Id, Money},
    store::{EdgeKey, EdgeKind, Version},
};

/// State that a decision relies on without writing it.
///
/// Guards are serialisable: if one commit writes what another one guards, either they take effect one after
/// the other, or one of them gets a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// An aggregate is still at this version.
    Version {
        /// The aggregate.
        target: AggregateRef,
        /// The expected version.
        version: Version,
    },
    /// A user still has these stamps. Other fields of the user, such as counters, may change without a
    /// conflict.
    User {
        /// The user.
        id: Id<User>,
        /// The expected stamps.
        stamps: UserStamps,
    },
    /// An account has at least this balance, whether or not the set moves it. The store checks it with the
    /// bounds, before the entries of the set.
    Balance {
        /// The account, which must not be a platform account.
        account: Account,
        /// The minimum balance.
        min: Money,
    },
    /// There is no such edge.
    NoEdge {
        /// The kind of the edge.
        kind: EdgeKind,
        /// The aggregate at which it would begin.
        from: AggregateRef,
        /// The aggregate to which it would lead.
        to: AggregateRef,
    },
}

impl Guard {
    /// The guarded aggregate; `None` for a balance or an edge.
    #[must_use]
    pub const fn target(&self) -> Option<AggregateRef> {
        match self {
            Self::Version { target, version: _ } => Some(*target),
            Self::User { id, stamps: _ } => Some(AggregateRef::User(*id)),
            Self::Balance { account: _, min: _ } | Self::NoEdge { .. } => None,
        }
    }

    /// The edge whose absence is guarded; `None` for other guards.
    #[must_use]
    pub const fn absent_edge(&self) -> Option<EdgeKey> {
        match self {
            Self::NoEdge { kind, from, to } => Some(EdgeKey { kind: *kind, from: *from, to: *to }),
            Self::Version { .. } | Self::User { .. } | Self::Balance { .. } => None,
        }
    }

    /// Combines two guards on the stamps of the same aggregate; `None` for other guards.
    ///
    /// # Errors
    /// The aggregate, if the stamps contradict each other.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Option<Result<Self, AggregateRef>> {
        match (self, other) {
            (Self::User { id, stamps }, Self::User { id: same, stamps: more }) if id == same => {
                let both = stamps.and(more).map(|stamps| Self::User { id, stamps });
                Some(both.ok_or(AggregateRef::User(id)))
            }
            _ => None,
        }
    }
}
