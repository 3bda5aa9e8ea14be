use crate::{
    account::{StatsDelta, User},
    kernel::Id,
};

/// A count that a commit adds to a user.
///
/// The store adds a tally itself, so that concurrent commits on one user both count. It raises the user's
/// version, so that no later write overwrites it with an older count. Missing users are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The user.
    pub user: Id<User>,
    /// The amounts to add.
    pub add: StatsDelta,
}
