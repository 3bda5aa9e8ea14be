//! The log's port.

use async_trait::async_trait;
use baitech_core::store::{
    Event, EventLog, LogEntry, LogState, LogToken, Seq, StoreError, Topic, TopicEvents, UnreadableEvent,
};
use bson::{RawBsonRef, RawDocument, RawDocumentBuf, doc};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

use super::document::EventDocument;
use super::head::number;
use super::{COLLECTION, SEQ, TOPICS};
use crate::MongoStore;
use crate::codec::Unreadable;
use crate::server_error::unavailable;
use crate::value::whole_to_bson;

#[async_trait]
impl EventLog for MongoStore {
    async fn number_events(&self, limit: usize) -> Result<usize, StoreError> {
        self.number(limit).await
    }

    async fn log_state(&self) -> Result<LogState, StoreError> {
        Ok(self.head().await?.into())
    }

    async fn read_log(&self, after: LogToken, limit: usize) -> Result<Vec<LogEntry>, StoreError> {
        let from = number(after.seq);
        let mut found: Vec<RawDocumentBuf> = Vec::new();
        if limit > 0 {
            let filter = doc! { SEQ: { "$gt": whole_to_bson(from) } };
            let events = self.raw(COLLECTION);
            let events = events.find(filter).sort(doc! { SEQ: 1 });
            let events = events.limit(i64::try_from(limit).unwrap_or(i64::MAX)).await.map_err(unavailable)?;
            found = events.try_collect().await.map_err(unavailable)?;
        }
        // Read after the events: if they were not deleted by now, none was missing before.
        LogState::from(self.head().await?).check(after)?;
        let numbers = from.saturating_add(1)..;
        let mut entries = Vec::with_capacity(found.len());
        for (expected, raw) in numbers.zip(&found) {
            if seq_of(raw) != Some(expected) {
                // Numbered while the batches were read.
                break;
            }
            let seq = Seq::new(expected.try_into().unwrap_or_default());
            entries.push(LogEntry { seq, event: read(raw) });
        }
        Ok(entries)
    }

    async fn read_topic(
        &self,
        topic: Topic,
        after: LogToken,
        limit: usize,
    ) -> Result<TopicEvents, StoreError> {
        let state = LogState::from(self.head().await?);
        let mut found: Vec<RawDocumentBuf> = Vec::new();
        if limit > 0 {
            let numbers =
                doc! { "$gt": whole_to_bson(number(after.seq)), "$lte": whole_to_bson(number(state.last)) };
            let events = self.raw(COLLECTION);
            let events = events.find(doc! { TOPICS: topic.to_string(), SEQ: numbers });
            let events = events.sort(doc! { SEQ: 1 }).limit(i64::try_from(limit).unwrap_or(i64::MAX));
            found = events.await.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        }
        // Read after the events: if they were not deleted by now, none was missing before.
        LogState::from(self.head().await?).check(after)?;
        let entry = |raw: &RawDocumentBuf| {
            let seq = Seq::new(seq_of(raw)?.try_into().ok()?);
            Some(LogEntry { seq, event: read(raw) })
        };
        let entries = found.iter().filter_map(entry).collect();
        Ok(TopicEvents::read(entries, (after, limit), state))
    }

    async fn restart_log(&self) -> Result<LogState, StoreError> {
        Ok(self.new_epoch().await?.into())
    }

    async fn trim_log(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        self.trim(before, limit).await
    }

    async fn events_committed(&self) -> Result<(), StoreError> {
        self.wait_for_events().await
    }
}

/// The number of an event.
pub(super) fn seq_of(raw: &RawDocument) -> Option<i64> {
    match raw.get(SEQ).ok()?? {
        RawBsonRef::Int32(number) => Some(i64::from(number)),
        RawBsonRef::Int64(number) => Some(number),
        _ => None,
    }
}

/// The event of a document.
pub(super) fn read(raw: &RawDocument) -> Result<Event, UnreadableEvent> {
    let document = bson::deserialize_from_slice::<EventDocument>(raw.as_bytes()).map_err(Unreadable::from);
    document
        .and_then(EventDocument::into_event)
        .map_err(|reason| UnreadableEvent { reason: reason.to_string() })
}
