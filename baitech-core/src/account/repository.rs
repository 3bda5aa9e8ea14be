use async_trait::async_trait;

use super::{Category, User, UserStatus};
use crate::{
    kernel::{Email, Page, PageRequest, PhoneNumber, Role, Username},
    store::{Load, StoreError, Stored},
};

/// A filter for users. All fields that are set must match.
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
    /// The user with this e-mail address.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`]; the same for all lookups.
    async fn find_by_email(&self, email: &Email) -> Result<Option<Stored<User>>, StoreError>;

    /// The user with this phone number, in any form in which an earlier application stored it.
    ///
    /// # Errors
    /// As [`find_by_email`](Self::find_by_email).
    async fn find_by_phone(&self, phone: &PhoneNumber) -> Result<Option<Stored<User>>, StoreError>;

    /// The user with this user name.
    ///
    /// # Errors
    /// As [`find_by_email`](Self::find_by_email).
    async fn find_by_username(&self, username: &Username) -> Result<Option<Stored<User>>, StoreError>;

    /// Users by id, oldest first. A user that the store cannot read is logged and left out; the page may then
    /// be shorter, and the list continues after it.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_users(
        &self,
        filter: UserFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<User>>, StoreError>;
}
