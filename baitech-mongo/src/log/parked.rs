//! Events that a consumer could not handle, with a copy of the event.

use baitech_core::kernel::{Page, PageRequest};
use baitech_core::store::{ConsumerName, ParkedEvent, Seq, StoreError};
use bson::{Document, RawDocumentBuf, doc};
use chrono::Utc;
use futures::TryStreamExt;
use mongodb::error::Error;
use mongodb::{ClientSession, Collection};
use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, serde_as};

use super::head::number;
use super::read::read;
use super::{COLLECTION as EVENTS, SEQ};
use crate::MongoStore;
use crate::page::limit_of;
use crate::server_error::unavailable;
use crate::value::{Millis, Whole, whole_to_bson};

pub(crate) const COLLECTION: &str = "parkedEvents";

/// A parked event's consumer and number.
type Key = (ConsumerName, Seq);

#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct ParkedDocument {
    /// The consumer and the number of the event, padded with zeros: `mailer/00000000000000000042`.
    #[serde(rename = "_id")]
    id: String,
    #[serde_as(as = "DisplayFromStr")]
    consumer: ConsumerName,
    #[serde_as(as = "Whole")]
    seq: u64,
    reason: String,
    #[serde_as(as = "Millis")]
    #[serde(rename = "parkedAt")]
    parked_at: chrono::DateTime<Utc>,
    /// `true` if a retry was requested.
    #[serde(default)]
    retry: bool,
    /// The document of the event.
    event: RawDocumentBuf,
}

impl From<ParkedDocument> for ParkedEvent {
    fn from(document: ParkedDocument) -> Self {
        let ParkedDocument { consumer, seq, reason, parked_at, event, .. } = document;
        Self { consumer, seq: Seq::new(seq), event: read(&event), reason, parked_at }
    }
}

/// Ids sort by consumer, then by number.
fn id_of((consumer, seq): Key) -> String {
    format!("{consumer}/{:020}", seq.get())
}

fn by_key(key: Key) -> Document {
    doc! { "_id": id_of(key) }
}

fn all(store: &MongoStore) -> Collection<ParkedDocument> {
    store.database().collection(COLLECTION)
}

/// Copies an event inside a transaction. `false` if it is not in the log.
pub(super) async fn park(
    store: &MongoStore,
    (consumer, seq): Key,
    (reason, parked_at): (&str, chrono::DateTime<Utc>),
    session: &mut ClientSession,
) -> Result<bool, Error> {
    let by_seq = doc! { SEQ: whole_to_bson(number(seq)) };
    let Some(event) = store.raw(EVENTS).find_one(by_seq).session(&mut *session).await? else {
        return Ok(false);
    };
    let parked = ParkedDocument {
        id: id_of((consumer, seq)),
        consumer,
        seq: seq.get(),
        reason: reason.to_owned(),
        parked_at,
        retry: false,
        event,
    };
    all(store).insert_one(parked).session(session).await?;
    Ok(true)
}

/// Removes a parked event inside a transaction. `false` if it is not parked.
pub(super) async fn remove(store: &MongoStore, key: Key, session: &mut ClientSession) -> Result<bool, Error> {
    Ok(all(store).delete_one(by_key(key)).session(session).await?.deleted_count == 1)
}

/// Removes all parked events of a consumer inside a transaction.
pub(super) async fn remove_all(
    store: &MongoStore,
    consumer: ConsumerName,
    session: &mut ClientSession,
) -> Result<(), Error> {
    all(store).delete_many(of(consumer)).session(session).await.map(drop)
}

/// The ids of a consumer's parked events are a range: `/` is followed by `0` in ASCII.
fn of(consumer: ConsumerName) -> Document {
    doc! { "_id": { "$gte": format!("{consumer}/"), "$lt": format!("{consumer}0") } }
}

pub(super) async fn is_parked(store: &MongoStore, key: Key) -> Result<bool, StoreError> {
    Ok(all(store).find_one(by_key(key)).await.map_err(unavailable)?.is_some())
}

pub(super) async fn list(store: &MongoStore, page: &PageRequest) -> Result<Page<ParkedEvent>, StoreError> {
    let mut filter = Document::new();
    if let Some(cursor) = page.cursor() {
        let after = ParkedEvent::place(cursor).map_err(StoreError::Cursor)?;
        filter.insert("_id", doc! { "$gt": id_of(after) });
    }
    let events = all(store);
    let found = events.find(filter).sort(doc! { "_id": 1 }).limit(limit_of(page));
    let found = found.await.map_err(unavailable)?.map_ok(ParkedEvent::from);
    let parked = found.try_collect().await.map_err(unavailable)?;
    Ok(Page::from_overfull(parked, page.limit(), ParkedEvent::cursor))
}

pub(super) async fn request_retry(store: &MongoStore, key: Key) -> Result<bool, StoreError> {
    let requested = all(store).update_one(by_key(key), doc! { "$set": { "retry": true } }).await;
    Ok(requested.map_err(unavailable)?.matched_count == 1)
}

pub(super) async fn take(
    store: &MongoStore,
    consumer: ConsumerName,
) -> Result<Option<ParkedEvent>, StoreError> {
    let mut requested = of(consumer);
    requested.insert("retry", true);
    let cleared = doc! { "$set": { "retry": false } };
    let taken = all(store).find_one_and_update(requested, cleared).sort(doc! { "_id": 1 }).await;
    Ok(taken.map_err(unavailable)?.map(Into::into))
}
