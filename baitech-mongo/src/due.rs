//! Due work: the documents whose `dueAt` has come.

use async_trait::async_trait;
use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::kernel::Id;
use baitech_core::payment::{Transaction, Webhook};
use baitech_core::store::{DueItem, DueWork, Lease, StoreError};
use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};
use futures::TryStreamExt;
use serde::Deserialize;

use crate::MongoStore;
use crate::aggregate_ref::collection_of;
use crate::codec::Aggregate;
use crate::server_error::unavailable;

/// When something is to be done by itself; missing for never.
pub(crate) const DUE_AT: &str = "dueAt";
/// Until when a worker keeps the document to itself.
pub(crate) const LEASED_UNTIL: &str = "dueLeasedUntil";

#[derive(Debug, Deserialize)]
struct Candidate {
    #[serde(rename = "_id")]
    id: ObjectId,
    #[serde(rename = "dueAt")]
    due_at: DateTime,
}

#[async_trait]
impl DueWork for MongoStore {
    async fn claim_due(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError> {
        let mut leased: Vec<DueItem> = Vec::new();
        loop {
            let mut candidates = self.due(lease, limit).await?;
            // A lease of no length is over at once, and its item due again.
            candidates.retain(|item| leased.iter().all(|other| other.target != item.target));
            candidates.truncate(limit.saturating_sub(leased.len()));
            if candidates.is_empty() {
                return Ok(leased);
            }
            // Another worker may be quicker with some of them; then there is another round.
            for candidate in candidates {
                if self.lease(lease, &candidate).await? {
                    leased.push(candidate);
                }
            }
        }
    }
}

impl MongoStore {
    async fn due(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError> {
        let mut due = self.due_of::<Booking>(lease, limit).await?;
        due.extend(self.due_of::<User>(lease, limit).await?);
        due.extend(self.due_of::<Transaction>(lease, limit).await?);
        due.extend(self.due_of::<Webhook>(lease, limit).await?);
        due.sort_by_key(|item| (item.due_at, item.target));
        due.truncate(limit);
        Ok(due)
    }

    async fn due_of<A: Aggregate>(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError> {
        let documents = self.database().collection::<Candidate>(A::COLLECTION);
        let found = documents
            .find(due_filter(lease))
            .sort(doc! { DUE_AT: 1 })
            .projection(doc! { DUE_AT: 1 })
            .limit(i64::try_from(limit).unwrap_or(i64::MAX).max(1));
        let found: Vec<Candidate> =
            found.await.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        let item = |candidate: Candidate| DueItem {
            target: A::reference(Id::from_bytes(candidate.id.bytes())),
            due_at: candidate.due_at.to_chrono(),
        };
        Ok(found.into_iter().map(item).collect())
    }

    async fn lease(&self, lease: Lease, item: &DueItem) -> Result<bool, StoreError> {
        let mut filter = due_filter(lease);
        filter.insert("_id", ObjectId::from_bytes(item.target.id_bytes()));
        let update = doc! { "$set": { LEASED_UNTIL: DateTime::from_chrono(lease.until()) } };
        let updated =
            self.raw(collection_of(item.target)).update_one(filter, update).await.map_err(unavailable)?;
        Ok(updated.matched_count == 1)
    }
}

/// Due, and on no running lease.
pub(crate) fn due_filter(lease: Lease) -> Document {
    let now = DateTime::from_chrono(lease.now);
    doc! {
        DUE_AT: { "$lte": now },
        "$or": [{ LEASED_UNTIL: Bson::Null }, { LEASED_UNTIL: { "$lte": now } }],
    }
}
