use serde::{Deserialize, Serialize};

use super::Id;
use crate::account::User;

/// What a user is to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Books services.
    Customer,
    /// Does the work.
    Technician,
    /// Runs the platform.
    Admin,
    /// Books for a company.
    Corporate,
    /// Helps customers and technicians.
    Support,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Customer, Self::Technician, Self::Admin, Self::Corporate, Self::Support];

    /// The name in documents and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Technician => "technician",
            Self::Admin => "admin",
            Self::Corporate => "corporate",
            Self::Support => "support",
        }
    }

    /// Whether this is the platform's own staff: admin or support.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Admin | Self::Support)
    }
}

/// Who gives a command. Whoever embeds the engine has authenticated them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The platform itself: timers and follow-ups.
    System,
    /// A person.
    User {
        /// Which one.
        id: Id<User>,
        /// As what. The services check that the stored user has this role and is active.
        role: Role,
    },
}

impl Actor {
    /// A user in a role.
    #[must_use]
    pub const fn user(id: Id<User>, role: Role) -> Self {
        Self::User { id, role }
    }

    /// The person, unless it is the system.
    #[must_use]
    pub const fn id(&self) -> Option<Id<User>> {
        match self {
            Self::System => None,
            Self::User { id, .. } => Some(*id),
        }
    }

    /// The role, unless it is the system.
    #[must_use]
    pub const fn role(&self) -> Option<Role> {
        match self {
            Self::System => None,
            Self::User { role, .. } => Some(*role),
        }
    }

    /// Whether this is the platform's staff or the system itself.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        self.role().is_none_or(Role::is_staff)
    }
}
