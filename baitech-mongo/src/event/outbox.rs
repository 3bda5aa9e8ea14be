//! Reads of the event relay.

use async_trait::async_trait;
use baitech_core::kernel::Id;
use baitech_core::store::{Event, Outbox, StoreError};
use bson::{Bson, RawDocumentBuf, doc};
use futures::TryStreamExt;
use serde::Deserialize;

use super::COLLECTION;
use super::document::{EventDocument, StoredSubject};
use crate::MongoStore;
use crate::codec::Unreadable;
use crate::load::{corrupt, readable};
use crate::server_error::unavailable;
use crate::value::oid;

/// The maximum number of events in one batch of the server.
const LARGEST_BATCH: u32 = 1_000;

#[derive(Debug, Deserialize)]
struct OfSubject {
    #[serde(rename = "aggregate")]
    subject: StoredSubject,
}

#[async_trait]
impl Outbox for MongoStore {
    async fn pending_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::new();
        if limit == 0 {
            return Ok(events);
        }
        // No limit on the server: skipped events would fill it for ever.
        let pending = self.raw(COLLECTION);
        let found = pending.find(doc! { "pending": true }).sort(doc! { "at": 1, "version": 1, "n": 1 });
        let batch = u32::try_from(limit).unwrap_or(u32::MAX).min(LARGEST_BATCH);
        let mut found = found.batch_size(batch).await.map_err(unavailable)?;
        let mut stopped: Vec<StoredSubject> = Vec::new();
        while events.len() < limit
            && let Some(raw) = found.try_next().await.map_err(unavailable)?
        {
            match readable(read(&raw)) {
                Some(event) if stopped.is_empty() || !stopped.contains(&event.subject.into()) => {
                    events.push(event)
                }
                Some(_) => {}
                // Later events of the same aggregate or edge wait until it is repaired, so that they stay in order.
                None => stopped.extend(subject_of(&raw)),
            }
        }
        Ok(events)
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

fn subject_of(raw: &RawDocumentBuf) -> Option<StoredSubject> {
    Some(bson::deserialize_from_slice::<OfSubject>(raw.as_bytes()).ok()?.subject)
}
