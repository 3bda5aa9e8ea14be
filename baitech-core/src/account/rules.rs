//! The rules by which accounts refuse.

use crate::kernel::Rule;

impl Rule {
    /// The user is not active.
    pub const INACTIVE_USER: Self = Self::new("inactive_user");
}
