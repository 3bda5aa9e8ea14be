//! Edges, one document for each that was ever put or whose absence was ever guarded. The `_id` is the text of
//! the edge's key, so the database itself enforces uniqueness. A document of an absent edge has no `value`.

use std::collections::HashMap;

use async_trait::async_trait;
use baitech_core::kernel::{Cursor, Page, PageRequest};
use baitech_core::store::{
    AggregateRef, Edge, EdgeChange, EdgeKey, EdgeKind, EdgeValue, Edges, Revision, StoreError,
};
use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, RawDocument, RawDocumentBuf, doc};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_with::{DisplayFromStr, serde_as};

use crate::MongoStore;
use crate::aggregate_ref::StoredRef;
use crate::codec::Unreadable;
use crate::load::corrupt;
use crate::page::limit_of;
use crate::server_error::unavailable;
use crate::value::{Millis, Whole, whole_to_bson};

pub(crate) const COLLECTION: &str = "edges";

/// The number of changes so far.
const REVISION: &str = "revision";
/// The marker that makes a guard on the absence of an edge conflict with a put.
const GUARD: &str = "guard";

/// The fields of a document that are read. The others repeat the key, for the indexes.
#[serde_as]
#[derive(Debug, Deserialize)]
struct EdgeDocument {
    #[serde(rename = "_id")]
    key: EdgeKey,
    #[serde_as(as = "Option<DisplayFromStr>")]
    #[serde(default)]
    value: Option<EdgeValue>,
    #[serde_as(as = "Whole")]
    revision: u64,
    #[serde_as(as = "Option<Millis>")]
    #[serde(default)]
    at: Option<chrono::DateTime<chrono::Utc>>,
}

fn decode(raw: &RawDocument) -> Result<Edge, StoreError> {
    let document: EdgeDocument = bson::deserialize_from_slice(raw.as_bytes())
        .map_err(|error| corrupt(COLLECTION, raw, &Unreadable::from(error)))?;
    let EdgeDocument { key, value, revision, at } = document;
    Ok(Edge { key, value, revision: Revision::new(revision), at })
}

fn revision(revision: Revision) -> Bson {
    whole_to_bson(i64::try_from(revision.get()).unwrap_or(i64::MAX))
}

/// The parts of the key, which a new document gets for the indexes.
fn ends(key: EdgeKey) -> Document {
    let EdgeKey { kind, from, to } = key;
    doc! { "kind": kind.as_str(), "from": StoredRef::from(from), "to": StoredRef::from(to) }
}

/// The update that applies a change. It matches only the expected revision; another one makes the insert fail
/// by a duplicate `_id`, or matches nothing.
pub(crate) fn update(change: &EdgeChange) -> Document {
    let key = change.key();
    let mut set = doc! { REVISION: revision(change.written()), "at": DateTime::from_chrono(change.at) };
    let mut operators = doc! { "$setOnInsert": ends(key) };
    match change.value {
        Some(value) => {
            set.insert("value", value.as_str());
        }
        None => {
            operators.insert("$unset", doc! { "value": "" });
        }
    }
    operators.insert("$set", set);
    let filter = doc! { "_id": key.to_string(), REVISION: revision(change.before.revision) };
    doc! { "q": filter, "u": operators, "upsert": change.before.revision == Revision::NONE }
}

/// The update that marks an absent edge, so that a concurrent put conflicts. A present edge makes the insert
/// fail by a duplicate `_id`.
pub(crate) fn mark_absent(key: EdgeKey) -> Document {
    let mut new = ends(key);
    new.insert(REVISION, revision(Revision::NONE));
    let update = doc! { "$set": { GUARD: ObjectId::new() }, "$setOnInsert": new };
    let filter = doc! { "_id": key.to_string(), "value": { "$exists": false } };
    doc! { "q": filter, "u": update, "upsert": true }
}

/// The end of an edge by which a list finds it.
#[derive(Debug, Clone, Copy)]
enum End {
    From,
    To,
}

impl End {
    const fn field(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
        }
    }

    /// The edge of a list whose other end this is.
    const fn key(self, kind: EdgeKind, end: AggregateRef, other: AggregateRef) -> EdgeKey {
        match self {
            Self::From => EdgeKey { kind, from: end, to: other },
            Self::To => EdgeKey { kind, from: other, to: end },
        }
    }

    const fn other(self, key: EdgeKey) -> AggregateRef {
        match self {
            Self::From => key.to,
            Self::To => key.from,
        }
    }
}

impl MongoStore {
    async fn list_edges(
        &self,
        (end, kind, of): (End, EdgeKind, AggregateRef),
        page: &PageRequest,
    ) -> Result<Page<Edge>, StoreError> {
        let mut filter = doc! {
            "kind": kind.as_str(),
            end.field(): StoredRef::from(of),
            "value": { "$exists": true },
        };
        if let Some(cursor) = page.cursor() {
            let (millis, other) = cursor.parts::<i64, AggregateRef>().map_err(StoreError::Cursor)?;
            let (time, id) = (DateTime::from_millis(millis), end.key(kind, of, other).to_string());
            // Implied by what follows, this bounds the index scan.
            filter.insert("at", doc! { "$lte": time });
            filter.insert("$or", [doc! { "at": { "$lt": time } }, doc! { "at": time, "_id": { "$gt": id } }]);
        }
        let edges = self.raw(COLLECTION);
        let found = edges.find(filter).sort(doc! { "at": -1, "_id": 1 });
        let found = found.limit(limit_of(page)).await.map_err(unavailable)?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(unavailable)?;
        let edges: Vec<Edge> = found.iter().map(|raw| decode(raw)).collect::<Result<_, _>>()?;
        Ok(Page::from_overfull(edges, page.limit(), |edge| {
            let other = end.other(edge.key);
            let place = format!("{}/{}", other.kind(), other.id_text());
            Cursor::new(edge.at.map_or(0, |at| at.timestamp_millis()), place)
        }))
    }
}

#[async_trait]
impl Edges for MongoStore {
    async fn load_edge(&self, key: &EdgeKey) -> Result<Edge, StoreError> {
        let found = self.raw(COLLECTION).find_one(doc! { "_id": key.to_string() }).await;
        found.map_err(unavailable)?.map_or(Ok(Edge::never_put(*key)), |raw| decode(&raw))
    }

    async fn load_edges(&self, keys: &[EdgeKey]) -> Result<Vec<Edge>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let found = self.raw(COLLECTION).find(doc! { "_id": { "$in": ids } }).await.map_err(unavailable)?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(unavailable)?;
        let edges = found.iter().map(|raw| decode(raw).map(|edge| (edge.key, edge)));
        let edges = edges.collect::<Result<HashMap<EdgeKey, Edge>, StoreError>>()?;
        Ok(keys.iter().map(|key| edges.get(key).copied().unwrap_or(Edge::never_put(*key))).collect())
    }

    async fn list_edges_to(
        &self,
        kind: EdgeKind,
        to: AggregateRef,
        page: &PageRequest,
    ) -> Result<Page<Edge>, StoreError> {
        self.list_edges((End::To, kind, to), page).await
    }

    async fn list_edges_from(
        &self,
        kind: EdgeKind,
        from: AggregateRef,
        page: &PageRequest,
    ) -> Result<Page<Edge>, StoreError> {
        self.list_edges((End::From, kind, from), page).await
    }
}
