use crate::{
    account::{StatsDelta, User},
    kernel::Id,
};

/// Something that a commit counts on a user.
///
/// A tally is added by the store, not read, changed and written by the domain: two commits that count on one
/// user both count. It raises the user's version, so that nobody writes an older count over it. A user who is
/// not there is not counted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// On whom.
    pub user: Id<User>,
    /// How much.
    pub add: StatsDelta,
}
