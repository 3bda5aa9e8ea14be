//! Queries on calls.

use async_trait::async_trait;
use baitech_core::kernel::{Page, PageRequest};
use baitech_core::payment::{Webhook, WebhookRepository, WebhookStatus};
use baitech_core::store::{StoreError, Stored};
use bson::{Document, RawDocumentBuf, doc};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

use crate::MongoStore;
use crate::codec::Aggregate;
use crate::page::ListByTime;
use crate::server_error::unavailable;

/// When a handled call may be deleted.
const EXPIRES_AT: &str = "expiresAt";
/// The sort key of lists of calls.
const RECEIVED_AT: &str = "receivedAt";

#[async_trait]
impl WebhookRepository for MongoStore {
    async fn list_webhooks(
        &self,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>, StoreError> {
        ListByTime { query: listed(statuses), field: RECEIVED_AT, hint: None }.page(self, page).await
    }

    async fn forget_expired_webhooks(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        if limit == 0 {
            return Ok(0);
        }
        let expired = doc! { EXPIRES_AT: { "$lte": bson::DateTime::from_chrono(now) } };
        let webhooks = self.raw(Webhook::COLLECTION);
        let found = webhooks.find(expired.clone()).sort(doc! { EXPIRES_AT: 1 }).projection(doc! { "_id": 1 });
        let found = found.limit(i64::try_from(limit).unwrap_or(i64::MAX)).await.map_err(unavailable)?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(unavailable)?;
        let ids: Vec<_> = found.iter().filter_map(|raw| raw.get_object_id("_id").ok()).collect();
        // A call that a person has retried meanwhile is kept.
        let filter = doc! { "_id": { "$in": ids }, "$and": [expired] };
        let deleted = webhooks.delete_many(filter).await.map_err(unavailable)?;
        Ok(usize::try_from(deleted.deleted_count).unwrap_or(usize::MAX))
    }
}

/// "Any status" is written as a list of all statuses, for the index on the status.
fn listed(statuses: &[WebhookStatus]) -> Document {
    let statuses = if statuses.is_empty() { &WebhookStatus::ALL[..] } else { statuses };
    let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    doc! { "status": { "$in": names } }
}
