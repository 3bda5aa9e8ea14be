use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{Id, Role},
};

/// The author of a command. The embedder must have authenticated it.
///
/// Permissions are decided by exhaustive matches, so that an anonymous actor never passes a check by having
/// no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The platform itself: timers, follow-ups, and the operator's own programs. It has the rights of an
    /// administrator, so an external request must never be given this actor.
    System,
    /// A user who has not signed in. May register; the services refuse all other commands.
    Anonymous,
    /// A signed-in user.
    User {
        /// The user's id.
        id: Id<User>,
        /// The claimed role. The services check that the stored user has this role and is active.
        role: Role,
    },
}

impl Actor {
    /// Creates a user in a role.
    #[must_use]
    pub const fn user(id: Id<User>, role: Role) -> Self {
        Self::User { id, role }
    }

    /// The user's id, if the actor has signed in.
    #[must_use]
    pub const fn id(&self) -> Option<Id<User>> {
        match self {
            Self::System | Self::Anonymous => None,
            Self::User { id, .. } => Some(*id),
        }
    }

    /// The role, if the actor has signed in.
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

    /// Whether the actor is one of these users. False for anonymous actors and the system, even if an element
    /// is `None`.
    #[must_use]
    pub fn is_any(&self, people: &[Option<Id<User>>]) -> bool {
        self.id().is_some_and(|id| people.contains(&Some(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_staff_and_the_system_count_as_staff() {
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
    fn anonymous_actor_does_not_match_a_missing_user() {
        for actor in [Actor::System, Actor::Anonymous] {
            assert!(!actor.is_any(&[None]));
        }
        let id = Id::from_bytes([1; 12]);
        assert!(Actor::user(id, Role::Customer).is_any(&[None, Some(id)]));
        assert!(!Actor::user(id, Role::Customer).is_any(&[None, Some(Id::from_bytes([2; 12]))]));
    }
}
