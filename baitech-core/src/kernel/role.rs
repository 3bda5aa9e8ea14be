use serde::{Deserialize, Serialize};

use super::named;

named! {
    /// The role of a user on the platform.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    pub enum Role {
        /// Books services.
        Customer = "customer",
        /// Does the work.
        Technician = "technician",
        /// Runs the platform.
        Admin = "admin",
        /// Books for a company.
        Corporate = "corporate",
        /// Helps customers and technicians.
        Support = "support",
    }
}

impl Role {
    /// Whether this is the platform's own staff: admin or support.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        match self {
            Self::Admin | Self::Support => true,
            Self::Customer | Self::Technician | Self::Corporate => false,
        }
    }
}
