//! What the relay reads.

use async_trait::async_trait;
use baitech_core::kernel::Id;
use baitech_core::store::{Event, Outbox, StoreError};
use bson::{Bson, RawDocumentBuf, doc};
use futures::TryStreamExt;

use super::COLLECTION;
use super::document::EventDocument;
use crate::MongoStore;
use crate::codec::Unreadable;
use crate::load::corrupt;
use crate::server_error::unavailable;
use crate::value::oid;

#[async_trait]
impl Outbox for MongoStore {
    async fn pending_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let events = self.raw(COLLECTION);
        let found = events.find(doc! { "pending": true }).sort(doc! { "at": 1, "version": 1, "n": 1 });
        let found = found.limit(limit).await.map_err(unavailable)?;
        let documents: Vec<RawDocumentBuf> = found.try_collect().await.map_err(unavailable)?;
        documents.iter().map(read).collect()
    }

    async fn acknowledge_events(&self, events: &[Id<Event>]) -> Result<(), StoreError> {
        let ids: Vec<Bson> = events.iter().map(|id| oid(*id).into()).collect();
        let filter = doc! { "_id": { "$in": ids }, "pending": true };
        let update = doc! { "$unset": { "pending": "" }, "$currentDate": { "acknowledgedAt": true } };
        self.raw(COLLECTION).update_many(filter, update).await.map(drop).map_err(unavailable)
    }
}

fn read(raw: &RawDocumentBuf) -> Result<Event, StoreError> {
    let document = bson::deserialize_from_slice::<EventDocument>(raw.as_bytes()).map_err(Unreadable::from);
    document.and_then(EventDocument::into_event).map_err(|reason| corrupt(COLLECTION, raw, &reason))
}
