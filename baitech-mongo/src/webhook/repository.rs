//! Queries on calls.

use async_trait::async_trait;
use baitech_core::kernel::{Page, PageRequest};
use baitech_core::payment::{Webhook, WebhookRepository, WebhookStatus};
use baitech_core::store::{StoreError, Stored};
use bson::{Document, doc};

use crate::MongoStore;
use crate::codec::Aggregate;
use crate::load::read_page;
use crate::page::{Position, limit_of, newest_first};
use crate::server_error::unavailable;

/// By which calls are listed.
const RECEIVED_AT: &str = "receivedAt";

#[async_trait]
impl WebhookRepository for MongoStore {
    async fn list_webhooks(
        &self,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>, StoreError> {
        let after = page.cursor().map(Position::parse).transpose().map_err(StoreError::Cursor)?;
        let webhooks = self.raw(Webhook::COLLECTION);
        let found = webhooks.find(listed(statuses, after)).sort(newest_first(RECEIVED_AT));
        let found = found.limit(limit_of(page)).await.map_err(unavailable)?;
        read_page(found, page, |raw| Position::<Webhook>::of(raw, RECEIVED_AT).cursor()).await
    }
}

/// Any status is spelled out as all of them, for the index on the status.
fn listed(statuses: &[WebhookStatus], after: Option<Position<Webhook>>) -> Document {
    let statuses = if statuses.is_empty() { &WebhookStatus::ALL[..] } else { statuses };
    let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    let mut query = doc! { "status": { "$in": names } };
    if let Some(after) = after {
        after.bound(&mut query, RECEIVED_AT);
    }
    query
}
