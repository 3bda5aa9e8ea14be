//! The rules of accounts.

use crate::kernel::Rule;

impl Rule {
    /// The user is not active.
    pub const INACTIVE_USER: Self = Self::new("inactive_user");
}
