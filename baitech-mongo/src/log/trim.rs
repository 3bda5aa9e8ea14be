//! Retention: deleting the first events of the log.

use baitech_core::store::StoreError;
use bson::{RawDocumentBuf, doc};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::error::Error;

use super::read::seq_of;
use super::{COLLECTION, SEQ};
use crate::MongoStore;
use crate::connection::transaction_options;
use crate::server_error::unavailable;
use crate::value::whole_to_bson;

impl MongoStore {
    pub(super) async fn trim(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        // Looks first, so that a call without anything to do locks nothing.
        let head = self.head().await?;
        if limit == 0 || head.first > head.last {
            return Ok(0);
        }
        let store = self.clone();
        let mut session = self.database().client().start_session().await.map_err(unavailable)?;
        let transaction = session.start_transaction().with_options(transaction_options(self.database()));
        let trimmed =
            transaction.and_run2(async move |session| store.trim_in(before, limit, session).await).await;
        trimmed.map_err(unavailable)
    }

    /// A cursor only moves forward, so the places that this transaction reads are safe limits. A new consumer
    /// locks the head, so that none begins at an event that is deleted.
    async fn trim_in(
        &self,
        before: DateTime<Utc>,
        limit: usize,
        session: &mut ClientSession,
    ) -> Result<usize, Error> {
        let head = self.lock_head(session).await?;
        let read_by_all = self.slowest_cursor(session).await?.unwrap_or(head.last);
        let filter = doc! { SEQ: { "$gte": whole_to_bson(head.first), "$lte": whole_to_bson(read_by_all) } };
        let events = self.raw(COLLECTION);
        let first = events.find(filter).sort(doc! { SEQ: 1 }).projection(doc! { SEQ: 1, "at": 1 });
        let mut first = first.limit(i64::try_from(limit).unwrap_or(i64::MAX)).session(&mut *session).await?;
        let first: Vec<RawDocumentBuf> = first.stream(&mut *session).try_collect().await?;
        let before = bson::DateTime::from_chrono(before);
        // An event without a readable time is as old as the one after it.
        let is_old = |event: &&RawDocumentBuf| event.get_datetime("at").map_or(true, |at| at < before);
        let old: Vec<&RawDocumentBuf> = first.iter().take_while(is_old).collect();
        let Some(last) = old.last().and_then(|last| seq_of(last)) else { return Ok(0) };
        let filter = doc! { SEQ: { "$gte": whole_to_bson(head.first), "$lte": whole_to_bson(last) } };
        self.raw(COLLECTION).delete_many(filter).session(&mut *session).await?;
        self.set_end("first", last.saturating_add(1), session).await?;
        Ok(old.len())
    }
}
