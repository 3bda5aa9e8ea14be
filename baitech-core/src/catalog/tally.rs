use super::AggregateRef;
use crate::{
    account::{StatsDelta, User},
    kernel::Id,
};

/// A count that a commit adds to an aggregate: one variant for each kind that is counted on.
///
/// The store adds a tally itself, so that concurrent commits on one aggregate both count. It raises the
/// version, so that no later write overwrites it with an older count. Missing aggregates are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tally {
    /// Counts of a user.
    User {
        /// The user.
        id: Id<User>,
        /// The amounts to add.
        add: StatsDelta,
    },
}

impl Tally {
    /// The aggregate that is counted on.
    #[must_use]
    pub const fn target(&self) -> AggregateRef {
        match self {
            Self::User { id, add: _ } => AggregateRef::User(*id),
        }
    }

    /// Adds another tally on the same aggregate; returns whether it is on the same one.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        match (self, other) {
            (Self::User { id, add }, Self::User { id: same, add: more }) => {
                let is_same = id == same;
                if is_same {
                    add.merge(more);
                }
                is_same
            }
        }
    }
}
