//! Queries on users.

use async_trait::async_trait;
use baitech_core::account::{User, UserFilter, UserRepository, UserStatus};
use baitech_core::kernel::{
    Code, Cursor, Email, Id, Page, PageRequest, PhoneNumber, Role, Username, Violation,
};
use baitech_core::store::{ClaimKey, Load, StoreError, Stored};
use bson::{Document, RawDocument, doc};

use super::identity::{email_key, holder, phone_key, stored_forms};
use crate::codec::Aggregate;
use crate::load::Pageful;
use crate::page::{id_of, limit_of};
use crate::server_error::unavailable;
use crate::value::oid;
use crate::{MongoStore, claims};

#[async_trait]
impl UserRepository for MongoStore {
    async fn find_by_email(&self, email: &Email) -> Result<Option<Stored<User>>, StoreError> {
        if let Some(found) = self.find_one(by_email(email)).await? {
            return Ok(Some(found));
        }
        // It may be stored as it was typed: the claim on its normal form identifies the user.
        let found = self.find_by_claim(email_key(email)).await?;
        Ok(found.filter(|user| user.email.claim() == email.claim()))
    }

    async fn find_by_phone(&self, phone: &PhoneNumber) -> Result<Option<Stored<User>>, StoreError> {
        if let Some(found) = self.find_one(by_phone(phone)).await? {
            return Ok(Some(found));
        }
        // It may be stored with blanks or dashes: the claim on its normal form identifies the user.
        let found = self.find_by_claim(phone_key(phone)).await?;
        Ok(found.filter(|user| user.phone.claim() == phone.claim()))
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Stored<User>>, StoreError> {
        self.find_one(by_username(username)).await
    }

    async fn list_users(
        &self,
        filter: UserFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<User>>, StoreError> {
        let query = listed(filter, page.cursor().map(position).transpose()?);
        let users = self.raw(User::COLLECTION);
        let found =
            users.find(query).sort(doc! { "_id": 1 }).limit(limit_of(page)).await.map_err(unavailable)?;
        let by_id = |user: &RawDocument| Cursor::new(USERS_BY_ID, id_of::<User>(user));
        Ok(Pageful::new(page).read(found, by_id).await?.into_page())
    }
}

impl MongoStore {
    async fn find_by_claim(&self, key: Option<ClaimKey>) -> Result<Option<Stored<User>>, StoreError> {
        let Some(key) = key else { return Ok(None) };
        let held = claims::find(self.database(), &key).await.map_err(unavailable)?;
        match holder(held) {
            Some(user) => self.load(user).await,
            None => Ok(None),
        }
    }
}

/// The sort key in cursors of this list, which is sorted by id alone.
const USERS_BY_ID: &str = "id";

fn position(cursor: &Cursor) -> Result<Id<User>, StoreError> {
    let (key, id) = cursor.parts::<String, _>().map_err(StoreError::Cursor)?;
    if key == USERS_BY_ID {
        return Ok(id);
    }
    Err(StoreError::Cursor(Violation::new("cursor", Code::Malformed, "the cursor belongs to another list")))
}

pub(crate) fn by_email(email: &Email) -> Document {
    doc! { "email": email.as_str() }
}

pub(crate) fn by_phone(phone: &PhoneNumber) -> Document {
    doc! { "phoneNumber": { "$in": stored_forms(phone) } }
}

pub(crate) fn by_username(username: &Username) -> Document {
    // With the type, the server knows that it can use the index, which contains only strings.
    doc! { "username": { "$eq": username.as_str(), "$type": "string" } }
}

/// An unset part of the filter is written as a list of all its values, so that the index also gives the
/// order.
pub(crate) fn listed(filter: UserFilter, after: Option<Id<User>>) -> Document {
    let mut query = Document::new();
    let UserFilter { role, status, category } = filter;
    if role.is_some() || status.is_some() || category.is_some() {
        let roles = role.map_or(Role::ALL.to_vec(), |role| vec![role]);
        let statuses = status.map_or(UserStatus::ALL.to_vec(), |status| vec![status]);
        let roles: Vec<&str> = roles.into_iter().map(Role::as_str).collect();
        let statuses: Vec<&str> = statuses.into_iter().map(UserStatus::as_str).collect();
        query.insert("role", doc! { "$in": roles });
        query.insert("status", doc! { "$in": statuses });
    }
    if let Some(category) = category {
        query.insert("skills.category", category.as_str());
    }
    if let Some(after) = after {
        query.insert("_id", doc! { "$gt": oid(after) });
    }
    query
}
