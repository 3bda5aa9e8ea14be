//! Due work: documents whose `dueAt` is in the past.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use baitech_core::for_each_aggregate;
use baitech_core::kernel::{Id, Kind, Page, PageRequest};
use baitech_core::store::{AggregateRef, AttemptEnd, DueItem, DueWork, Lease, SetAsideItem, StoreError};
use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};
use futures::TryStreamExt;
use mongodb::options::ReturnDocument;
use serde::Deserialize;

use crate::MongoStore;
use crate::aggregate_ref::collection_of;
use crate::codec::Aggregate;
use crate::page::limit_of;
use crate::server_error::unavailable;

/// When the document's next task is due; missing for never.
pub(crate) const DUE_AT: &str = "dueAt";
/// The end of a worker's lease.
pub(crate) const LEASED_UNTIL: &str = "dueLeasedUntil";
/// The identity of the lease, which tells a worker what it has leased of a batch.
pub(crate) const LEASE: &str = "dueLease";
/// The number of attempts since the document was last written; missing for none.
pub(crate) const ATTEMPTS: &str = "dueAttempts";
/// Why and since when the task is set aside; contains the `dueAt`, which the document lacks meanwhile.
pub(crate) const SET_ASIDE: &str = "dueSetAside";
/// The sort key of the list of documents that are set aside.
const SET_ASIDE_AT: &str = "dueSetAside.at";

#[derive(Debug, Deserialize)]
struct Candidate {
    #[serde(rename = "_id")]
    id: Bson,
    #[serde(rename = "dueAt")]
    due_at: DateTime,
    #[serde(rename = "dueAttempts", default)]
    attempts: u32,
}

#[derive(Debug, Deserialize)]
struct Leased {
    #[serde(rename = "_id")]
    id: ObjectId,
}

#[derive(Debug, Deserialize)]
struct Aside {
    #[serde(rename = "_id")]
    id: Bson,
    #[serde(rename = "dueSetAside")]
    set_aside: SetAside,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetAside {
    at: DateTime,
    due_at: DateTime,
    attempts: u32,
    reason: String,
}

impl SetAside {
    fn item(self, target: AggregateRef) -> SetAsideItem {
        SetAsideItem {
            target,
            reason: self.reason,
            attempts: self.attempts,
            due_at: self.due_at.to_chrono(),
            set_aside_at: self.at.to_chrono(),
        }
    }
}

#[async_trait]
impl DueWork for MongoStore {
    async fn claim_due(
        &self,
        kinds: &[Kind],
        lease: Lease,
        limit: usize,
    ) -> Result<Vec<DueItem>, StoreError> {
        let mut leased: Vec<DueItem> = Vec::new();
        loop {
            let mut candidates = self.due(kinds, lease, limit).await?;
            // A lease of zero length ends at once, and its item is due again.
            candidates.retain(|item| leased.iter().all(|other| other.target != item.target));
            candidates.truncate(limit.saturating_sub(leased.len()));
            if candidates.is_empty() {
                leased.sort_by_key(|item| (item.due_at, item.target));
                return Ok(leased);
            }
            // Another worker may lease some of them first; then there is another round.
            for kind in kinds {
                let of_kind = candidates.iter().filter(|item| item.target.kind() == *kind);
                leased.extend(self.lease(lease, of_kind.copied().collect()).await?);
            }
        }
    }

    async fn begin_due(&self, item: &DueItem, lease: Lease) -> Result<Option<DueItem>, StoreError> {
        let update = doc! {
            "$inc": { ATTEMPTS: 1 },
            "$set": { LEASED_UNTIL: DateTime::from_chrono(lease.until()) },
        };
        let documents = self.database().collection::<Candidate>(collection_of(item.target));
        let found = documents
            .find_one_and_update(leased(item), update)
            .projection(doc! { DUE_AT: 1, ATTEMPTS: 1 })
            .return_document(ReturnDocument::After);
        let found = found.await.map_err(unavailable)?;
        Ok(found.map(|found| DueItem { leased_until: lease.until(), attempts: found.attempts, ..*item }))
    }

    async fn end_due(&self, item: &DueItem, end: AttemptEnd) -> Result<bool, StoreError> {
        let update = match end {
            AttemptEnd::Forgotten => doc! { "$unset": { ATTEMPTS: "" } },
            AttemptEnd::Retry { at } => doc! { "$set": { LEASED_UNTIL: DateTime::from_chrono(at) } },
            AttemptEnd::SetAside { at, reason } => {
                let set_aside = doc! {
                    "at": DateTime::from_chrono(at),
                    "dueAt": DateTime::from_chrono(item.due_at),
                    "attempts": i64::from(item.attempts),
                    "reason": reason,
                };
                doc! {
                    "$set": { SET_ASIDE: set_aside },
                    "$unset": { DUE_AT: "", LEASED_UNTIL: "", LEASE: "", ATTEMPTS: "" },
                }
            }
        };
        let documents = self.raw(collection_of(item.target));
        let updated = documents.update_one(leased(item), update).await.map_err(unavailable)?;
        Ok(updated.matched_count == 1)
    }

    async fn list_set_aside(&self, page: &PageRequest) -> Result<Page<SetAsideItem>, StoreError> {
        let after = page.cursor().map(SetAsideItem::place).transpose().map_err(StoreError::Cursor)?;
        let mut items = Vec::new();
        macro_rules! list {
            ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
                $(items.extend(self.set_aside_of::<$Type>(after, page).await?);)+
            };
        }
        for_each_aggregate!(list);
        items.sort_by_key(|item| (Reverse(item.set_aside_at.timestamp_millis()), item.target));
        Ok(Page::from_overfull(items, page.limit(), SetAsideItem::cursor))
    }

    async fn find_set_aside(&self, targets: &[AggregateRef]) -> Result<Vec<SetAsideItem>, StoreError> {
        let mut wanted: BTreeMap<&'static str, Vec<AggregateRef>> = BTreeMap::new();
        for target in targets {
            wanted.entry(collection_of(*target)).or_default().push(*target);
        }
        let mut items = Vec::new();
        for (collection, targets) in wanted {
            let ids: Vec<_> = targets.iter().map(|target| ObjectId::from_bytes(target.id_bytes())).collect();
            let documents = self.database().collection::<Aside>(collection);
            let found = documents.find(doc! { "_id": { "$in": ids }, SET_ASIDE_AT: { "$exists": true } });
            let found = found.projection(doc! { SET_ASIDE: 1 }).await.map_err(unavailable)?;
            let found: Vec<Aside> = found.try_collect().await.map_err(unavailable)?;
            items.extend(found.into_iter().filter_map(|Aside { id, set_aside }| {
                let id = id.as_object_id()?.bytes();
                let target = targets.iter().find(|target| target.id_bytes() == id)?;
                Some(set_aside.item(*target))
            }));
        }
        Ok(items)
    }

    async fn release_due(&self, target: AggregateRef) -> Result<bool, StoreError> {
        let filter = doc! {
            "_id": ObjectId::from_bytes(target.id_bytes()),
            "dueSetAside.dueAt": { "$type": "date" },
        };
        let update = vec![
            doc! { "$set": { DUE_AT: "$dueSetAside.dueAt" } },
            doc! { "$unset": [SET_ASIDE, LEASED_UNTIL, LEASE, ATTEMPTS] },
        ];
        let documents = self.raw(collection_of(target));
        let updated = documents.update_one(filter, update).await.map_err(unavailable)?;
        Ok(updated.matched_count == 1)
    }
}

impl MongoStore {
    async fn due(&self, kinds: &[Kind], lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError> {
        let mut due = Vec::new();
        macro_rules! look {
            ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
                $(if kinds.contains(&Kind::$Arm) {
                    due.extend(self.due_of::<$Type>(lease, limit).await?);
                })+
            };
        }
        for_each_aggregate!(look);
        due.sort_by_key(|item| (item.due_at, item.target));
        due.truncate(limit);
        Ok(due)
    }

    async fn due_of<A: Aggregate>(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError> {
        let documents = self.database().collection::<Candidate>(A::COLLECTION);
        let found = documents
            .find(due_filter(lease))
            .sort(doc! { DUE_AT: 1 })
            .projection(doc! { DUE_AT: 1, ATTEMPTS: 1 })
            .limit(i64::try_from(limit).unwrap_or(i64::MAX).max(1));
        let found: Vec<Candidate> =
            found.await.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        let item = |candidate: Candidate| {
            Some(DueItem {
                target: target::<A>(&candidate.id)?,
                due_at: candidate.due_at.to_chrono(),
                leased_until: lease.until(),
                attempts: candidate.attempts,
            })
        };
        Ok(found.into_iter().filter_map(item).collect())
    }

    /// Leases items of one kind, and returns those that no other worker has leased before.
    async fn lease(&self, lease: Lease, items: Vec<DueItem>) -> Result<Vec<DueItem>, StoreError> {
        let Some(first) = items.first() else { return Ok(items) };
        let documents = self.database().collection::<Leased>(collection_of(first.target));
        let ids: Vec<_> = items.iter().map(|item| ObjectId::from_bytes(item.target.id_bytes())).collect();
        let token = ObjectId::new();
        let mut filter = due_filter(lease);
        filter.insert("_id", doc! { "$in": &ids });
        let update = doc! { "$set": { LEASED_UNTIL: DateTime::from_chrono(lease.until()), LEASE: token } };
        let updated = documents.update_many(filter, update).await.map_err(unavailable)?;
        if usize::try_from(updated.matched_count).is_ok_and(|count| count == items.len()) {
            return Ok(items);
        }
        let mine = documents.find(doc! { "_id": { "$in": ids }, LEASE: token }).projection(doc! { "_id": 1 });
        let mine: Vec<Leased> = mine.await.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        let is_mine = |item: &DueItem| mine.iter().any(|leased| leased.id.bytes() == item.target.id_bytes());
        Ok(items.into_iter().filter(is_mine).collect())
    }

    /// The documents of a collection that are set aside, after a position in the list of all of them.
    async fn set_aside_of<A: Aggregate>(
        &self,
        after: Option<(i64, AggregateRef)>,
        page: &PageRequest,
    ) -> Result<Vec<SetAsideItem>, StoreError> {
        let mut filter = doc! { SET_ASIDE_AT: { "$exists": true } };
        if let Some((millis, target)) = after {
            let at = DateTime::from_millis(millis);
            let [first, last] = [[0; 12], [u8::MAX; 12]].map(|id| A::reference(Id::from_bytes(id)));
            // Items with the same time are ordered by kind, then by id.
            if last < target {
                filter.insert(SET_ASIDE_AT, doc! { "$lt": at });
            } else {
                filter.insert(SET_ASIDE_AT, doc! { "$lte": at });
            }
            if first <= target && target <= last {
                let id = ObjectId::from_bytes(target.id_bytes());
                let later = doc! { SET_ASIDE_AT: at, "_id": { "$gt": id } };
                filter.insert("$or", [doc! { SET_ASIDE_AT: { "$lt": at } }, later]);
            }
        }
        let documents = self.database().collection::<Aside>(A::COLLECTION);
        let found = documents
            .find(filter)
            .sort(doc! { SET_ASIDE_AT: -1, "_id": 1 })
            .projection(doc! { SET_ASIDE: 1 })
            .limit(limit_of(page));
        let found: Vec<Aside> = found.await.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        let item = |Aside { id, set_aside }: Aside| Some(set_aside.item(target::<A>(&id)?));
        Ok(found.into_iter().filter_map(item).collect())
    }
}

/// The engine makes only documents with an `ObjectId` due; others are ignored.
fn target<A: Aggregate>(id: &Bson) -> Option<AggregateRef> {
    Some(A::reference(Id::from_bytes(id.as_object_id()?.bytes())))
}

/// Matches an item that still has the lease of its worker and was not written since.
fn leased(item: &DueItem) -> Document {
    doc! {
        "_id": ObjectId::from_bytes(item.target.id_bytes()),
        DUE_AT: DateTime::from_chrono(item.due_at),
        LEASED_UNTIL: DateTime::from_chrono(item.leased_until),
    }
}

/// Matches documents that are due and not leased.
pub(crate) fn due_filter(lease: Lease) -> Document {
    let now = DateTime::from_chrono(lease.now);
    doc! {
        DUE_AT: { "$lte": now },
        "$or": [{ LEASED_UNTIL: Bson::Null }, { LEASED_UNTIL: { "$lte": now } }],
    }
}
