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
        match self {
            Self::Admin | Self::Support => true,
            Self::Customer | Self::Technician | Self::Corporate => false,
        }
    }
}

/// Who gives a command. Whoever embeds the engine has authenticated them.
///
/// Authority is decided by exhaustive matches: an actor who is nobody in particular passes no check by having
/// no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The platform itself: timers, follow-ups, and the operator's own programs. It passes for an
    /// administrator, so that a request from outside must never be given this actor.
    System,
    /// Somebody who has not signed in. May register; the services refuse all else.
    Anonymous,
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

    /// The person, where the actor is one who has signed in.
    #[must_use]
    pub const fn id(&self) -> Option<Id<User>> {
        match self {
            Self::System | Self::Anonymous => None,
            Self::User { id, .. } => Some(*id),
        }
    }

    /// The role, where the actor is a person who has signed in.
    #[must_use]
    pub const fn role(&self) -> Option<Role> {
        match self {
            Self::System | Self::Anonymous => None,
            Self::User { role, .. } => Some(*role),
        }
    }

    /// Whether this is the platform's staff or the system itself.
    #[must_use]
    pub const fn is_staff(&self) -> bool {
        match self {
            Self::System => true,
            Self::Anonymous => false,
            Self::User { role, .. } => role.is_staff(),
        }
    }

    /// Whether this is an administrator or the system itself.
    #[must_use]
    pub const fn is_admin(&self) -> bool {
        match self {
            Self::System => true,
            Self::Anonymous => false,
            Self::User { role, .. } => match role {
                Role::Admin => true,
                Role::Customer | Role::Technician | Role::Corporate | Role::Support => false,
            },
        }
    }

    /// Whether this is one of these people. Nobody in particular is none of them, also where one is missing.
    #[must_use]
    pub fn is_any(&self, people: &[Option<Id<User>>]) -> bool {
        self.id().is_some_and(|id| people.contains(&Some(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_staff_and_the_system_pass_for_staff() {
        let id = Id::from_bytes([1; 12]);
        let actors = Role::ALL.map(|role| Actor::user(id, role));
        let staff: Vec<_> = actors.iter().filter(|actor| actor.is_staff()).collect();
        assert_eq!(staff, [&Actor::user(id, Role::Admin), &Actor::user(id, Role::Support)]);
        let admins: Vec<_> = actors.iter().filter(|actor| actor.is_admin()).collect();
        assert_eq!(admins, [&Actor::user(id, Role::Admin)]);
        assert!(Actor::System.is_staff() && Actor::System.is_admin());
        assert!(!Actor::Anonymous.is_staff() && !Actor::Anonymous.is_admin());
    }

    #[test]
    fn nobody_in_particular_is_not_a_missing_person() {
        for actor in [Actor::System, Actor::Anonymous] {
            assert!(!actor.is_any(&[None]));
        }
        let id = Id::from_bytes([1; 12]);
        assert!(Actor::user(id, Role::Customer).is_any(&[None, Some(id)]));
        assert!(!Actor::user(id, Role::Customer).is_any(&[None, Some(Id::from_bytes([2; 12]))]));
    }
}
