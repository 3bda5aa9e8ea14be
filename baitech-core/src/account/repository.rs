use async_trait::async_trait;

use super::{Category, User, UserStatus};
use crate::{
    kernel::{Email, Page, PageRequest, PhoneNumber, Role, Username},
    store::{Load, StoreError, Stored},
};

/// Which users to list. Every part that is set must hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// In this role.
    pub role: Option<Role>,
    /// In this status.
    pub status: Option<UserStatus>,
    /// With a skill in this category.
    pub category: Option<Category>,
}

/// Reads users.
#[async_trait]
pub trait UserRepository: Load<User> {
    /// The user with this address.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`]; so for all of these.
    async fn find_by_email(&self, email: &Email) -> Result<Option<Stored<User>>, StoreError>;

    /// The user with this number, in whichever form an earlier application stored it.
    ///
    /// # Errors
    /// As [`find_by_email`](Self::find_by_email).
    async fn find_by_phone(&self, phone: &PhoneNumber) -> Result<Option<Stored<User>>, StoreError>;

    /// The user with this name.
    ///
    /// # Errors
    /// As [`find_by_email`](Self::find_by_email).
    async fn find_by_username(&self, username: &Username) -> Result<Option<Stored<User>>, StoreError>;

    /// Users by id, the oldest first. One whom the store cannot read is left out and logged; a page may then
    /// hold fewer, and the list still goes on behind it.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_users(
        &self,
        filter: UserFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<User>>, StoreError>;
}
