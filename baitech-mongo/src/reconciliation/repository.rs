//! Queries on reconciliations, and their parts.

use async_trait::async_trait;
use baitech_core::kernel::{Id, Page, PageRequest};
use baitech_core::payment::{Reconciliation, ReconciliationPart, ReconciliationRepository};
use baitech_core::store::{StoreError, Stored};
use bson::{Document, RawDocumentBuf, doc};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

use super::part::{self, EXPIRES_AT};
use crate::MongoStore;
use crate::load::corrupt;
use crate::page::ListByTime;
use crate::server_error::{only_duplicates, unavailable};
use crate::value::oid;

/// The sort key of lists of reconciliations.
const SUBMITTED_AT: &str = "submittedAt";

#[async_trait]
impl ReconciliationRepository for MongoStore {
    async fn list_reconciliations(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Stored<Reconciliation>>, StoreError> {
        ListByTime { query: Document::new(), field: SUBMITTED_AT, hint: None }.page(self, page).await
    }

    async fn put_parts(&self, parts: Vec<ReconciliationPart>) -> Result<(), StoreError> {
        if parts.is_empty() {
            return Ok(());
        }
        self.prepared_for_commit().await?;
        let malformed = |error: bson::error::Error| {
            StoreError::Malformed(format!("BSON cannot represent a part: {error}").into())
        };
        let documents: Vec<_> =
            parts.into_iter().map(part::encode).collect::<Result<_, _>>().map_err(malformed)?;
        let inserted = self.raw(part::COLLECTION).insert_many(documents).ordered(false).await;
        match inserted.map(drop) {
            Ok(()) => Ok(()),
            Err(error) => only_duplicates(error).map(drop).map_err(unavailable),
        }
    }

    async fn load_part(&self, id: Id<ReconciliationPart>) -> Result<Option<ReconciliationPart>, StoreError> {
        let found =
            self.raw(part::COLLECTION).find_one(doc! { "_id": oid(id) }).await.map_err(unavailable)?;
        let read = |raw: RawDocumentBuf| {
            part::decode(&raw).map_err(|reason| corrupt(part::COLLECTION, &raw, &reason))
        };
        found.map(read).transpose()
    }

    async fn forget_expired_parts(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        if limit == 0 {
            return Ok(0);
        }
        let expired = doc! { EXPIRES_AT: { "$lte": bson::DateTime::from_chrono(now) } };
        let parts = self.raw(part::COLLECTION);
        let found = parts.find(expired).sort(doc! { EXPIRES_AT: 1 }).projection(doc! { "_id": 1 });
        let found = found.limit(i64::try_from(limit).unwrap_or(i64::MAX)).await.map_err(unavailable)?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(unavailable)?;
        let ids: Vec<_> = found.iter().filter_map(|raw| raw.get_object_id("_id").ok()).collect();
        let deleted = parts.delete_many(doc! { "_id": { "$in": ids } }).await.map_err(unavailable)?;
        Ok(usize::try_from(deleted.deleted_count).unwrap_or(usize::MAX))
    }
}
