use std::{ops::Deref, sync::Arc};

use async_trait::async_trait;

use crate::{
    account::{User, UserRepository, UserStamps, UserStatus},
    decide::{self, Authority},
    kernel::{Error, Id, Result, Role, Rule},
    store::Guard,
};

/// A command by a user, by the system or by an anonymous visitor.
pub(crate) type Command = decide::Command<Caller>;

/// The access that an operation requires. Suspended users may read and finish running work, but not start new
/// work. Suspended staff may read only their own data ([`Engine::reader`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Continue,
    Begin,
}

/// The stored user who runs a command, with the access that the command requires.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    user: Arc<User>,
    access: Access,
    users: Arc<dyn UserRepository>,
}

impl Caller {
    /// Loads a user. Fails unless it has this role and its status permits this access.
    pub(super) async fn load(
        users: &Arc<dyn UserRepository>,
        (id, role): (Id<User>, Role),
        access: Access,
    ) -> Result<Self> {
        let user = users.load(id).await?.map(|stored| stored.value);
        let Some(user) = user.filter(|user| user.role == role) else {
            return Err(Error::forbidden("the actor is not a user in the claimed role"));
        };
        match (user.status, access) {
            (UserStatus::Active, _) | (UserStatus::Suspended, Access::Read) => {}
            // Suspended users finish their running jobs; suspended staff take no more decisions.
            (UserStatus::Suspended, Access::Continue) if !role.is_staff() => {}
            (UserStatus::Suspended | UserStatus::Deactivated | UserStatus::Banned, _) => {
                let message = format!("the account is {}", user.status.as_str());
                return Err(Error::refused(Rule::INACTIVE_USER, message));
            }
        }
        Ok(Self { user: Arc::new(user), access, users: users.clone() })
    }

    /// The user.
    pub(crate) fn into_user(self) -> Arc<User> {
        self.user
    }
}

impl Deref for Caller {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

#[async_trait]
impl Authority for Caller {
    fn guard(&self) -> Guard {
        Guard::User { id: self.user.id, stamps: UserStamps::of(&self.user) }
    }

    async fn renew(&self) -> Result<Self> {
        Self::load(&self.users, (self.user.id, self.user.role), self.access).await
    }
}
