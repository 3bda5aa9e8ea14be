//! The head of the log: one document with its epoch and its ends.

use baitech_core::kernel::Id;
use baitech_core::store::{LogState, Seq, StoreError};
use bson::oid::ObjectId;
use bson::{Document, doc};
use mongodb::error::Error;
use mongodb::options::ReturnDocument;
use mongodb::{ClientSession, Collection};
use serde::Deserialize;
use serde_with::serde_as;

use crate::MongoStore;
use crate::server_error::{duplicate_key, unavailable};
use crate::value::{Whole, whole_to_bson};

pub(crate) const COLLECTION: &str = "log";

/// The only document of the collection.
const ID: &str = "head";
/// The marker that makes two transactions on the log conflict.
const GUARD: &str = "guard";

/// The stored ends of the log.
#[serde_as]
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Head {
    epoch: ObjectId,
    /// The number of the first event that is kept.
    #[serde_as(as = "Whole")]
    pub(super) first: i64,
    /// The number of the last event.
    #[serde_as(as = "Whole")]
    pub(super) last: i64,
}

impl From<Head> for LogState {
    fn from(head: Head) -> Self {
        let seq = |number: i64| Seq::new(number.try_into().unwrap_or_default());
        Self { epoch: Id::from_bytes(head.epoch.bytes()), first: seq(head.first), last: seq(head.last) }
    }
}

/// A number as the server stores it.
pub(super) fn number(seq: Seq) -> i64 {
    seq.get().try_into().unwrap_or(i64::MAX)
}

fn gone() -> StoreError {
    StoreError::Unavailable("the head of the log was deleted".to_owned())
}

impl MongoStore {
    fn heads(&self) -> Collection<Head> {
        self.database().collection(COLLECTION)
    }

    /// The head, which is created if there is none.
    pub(super) async fn head(&self) -> Result<Head, StoreError> {
        let heads = self.heads();
        if let Some(head) = heads.find_one(doc! { "_id": ID }).await.map_err(unavailable)? {
            return Ok(head);
        }
        let (first, last) = (whole_to_bson(1), whole_to_bson(0));
        let new = doc! { "_id": ID, "epoch": ObjectId::new(), "first": first, "last": last };
        match self.database().collection::<Document>(COLLECTION).insert_one(new).await {
            Err(error) if duplicate_key(&error).is_none() => return Err(unavailable(error)),
            // Another process may have created it at the same time.
            Ok(_) | Err(_) => {}
        }
        heads.find_one(doc! { "_id": ID }).await.map_err(unavailable)?.ok_or_else(gone)
    }

    /// Begins a new epoch.
    pub(super) async fn new_epoch(&self) -> Result<Head, StoreError> {
        self.head().await?;
        let (heads, set) = (self.heads(), doc! { "$set": { "epoch": ObjectId::new() } });
        let begun = heads.find_one_and_update(doc! { "_id": ID }, set).return_document(ReturnDocument::After);
        begun.await.map_err(unavailable)?.ok_or_else(gone)
    }

    /// Marks the head inside a transaction, so that every other transaction on the log conflicts, and returns
    /// it.
    pub(super) async fn lock_head(&self, session: &mut ClientSession) -> Result<Head, Error> {
        let mark = doc! { "$set": { GUARD: ObjectId::new() } };
        let locked = self.heads().find_one_and_update(doc! { "_id": ID }, mark).session(session).await?;
        locked.ok_or_else(|| Error::custom(gone().to_string()))
    }

    /// Sets an end of the log inside a transaction that has locked the head.
    pub(super) async fn set_end(&self, end: &str, to: i64, session: &mut ClientSession) -> Result<(), Error> {
        let set = doc! { "$set": { end: whole_to_bson(to) } };
        self.heads().update_one(doc! { "_id": ID }, set).session(session).await.map(drop)
    }
}
