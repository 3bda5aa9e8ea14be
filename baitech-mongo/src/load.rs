//! Reading aggregates.

use std::collections::HashMap;

use async_trait::async_trait;
use baitech_core::kernel::{Cursor, Id, Page, PageRequest};
use baitech_core::store::{Load, Origin, StoreError, Stored};
use bson::{Document, RawDocument, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::Cursor as Found;

use crate::MongoStore;
use crate::codec::{Aggregate, Unreadable};
use crate::lenient::Read;
use crate::server_error::unavailable;
use crate::value::oid;

/// The document from which a value was read, and what was read from it; passed back with the next write.
#[derive(Debug)]
pub(crate) struct Original<A> {
    pub(crate) raw: RawDocumentBuf,
    pub(crate) read: Read<A>,
}

#[async_trait]
impl<A: Aggregate> Load<A> for MongoStore {
    async fn load(&self, id: Id<A>) -> Result<Option<Stored<A>>, StoreError> {
        self.find_one(doc! { "_id": oid(id) }).await
    }

    async fn load_many(&self, ids: &[Id<A>]) -> Result<Vec<Stored<A>>, StoreError>
    where
        A: Send + Sync + 'static,
    {
        let mut places = HashMap::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            places.entry(*id).or_insert(place);
        }
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<_> = places.keys().map(|id| oid(*id)).collect();
        let documents = self.raw(A::COLLECTION);
        let found = documents.find(doc! { "_id": { "$in": wanted } }).await.map_err(unavailable)?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(unavailable)?;
        let mut found = found.into_iter().map(stored::<A>).collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(|stored| places.get(&stored.value.id()).copied());
        Ok(found)
    }
}

impl MongoStore {
    pub(crate) async fn find_one<A: Aggregate>(
        &self,
        filter: Document,
    ) -> Result<Option<Stored<A>>, StoreError> {
        let found = self.raw(A::COLLECTION).find_one(filter).await.map_err(unavailable)?;
        found.map(stored).transpose()
    }
}

/// A page that is being read, from up to one document more than it contains.
#[derive(Debug)]
pub(crate) struct Pageful<A> {
    limit: usize,
    found: usize,
    items: Vec<Stored<A>>,
    /// Where the next page begins, if there is one.
    next: Option<Cursor>,
}

impl<A: Aggregate> Pageful<A> {
    pub(crate) fn new(page: &PageRequest) -> Self {
        Self { limit: page.limit(), found: 0, items: Vec::with_capacity(page.limit()), next: None }
    }

    /// The number of documents that a query may still find.
    pub(crate) fn missing(&self) -> i64 {
        let missing = self.limit.saturating_add(1).saturating_sub(self.found);
        i64::try_from(missing).unwrap_or(i64::MAX)
    }

    /// Adds the documents of a query. An unreadable one is skipped and logged, but still counts for the page,
    /// so that the list does not end early.
    pub(crate) async fn read(
        mut self,
        mut documents: Found<RawDocumentBuf>,
        cursor_of: impl Fn(&RawDocument) -> Cursor,
    ) -> Result<Self, StoreError> {
        while documents.advance().await.map_err(unavailable)? {
            let document = documents.current();
            self.found = self.found.saturating_add(1);
            if self.found == self.limit {
                self.next = Some(cursor_of(document));
            }
            if self.found <= self.limit {
                self.items.extend(readable(listed(document)));
            }
        }
        Ok(self)
    }

    pub(crate) fn into_page(self) -> Page<Stored<A>> {
        let more = self.found > self.limit;
        Page { items: self.items, next_cursor: self.next.filter(|_| more) }
    }
}

/// A value without its document, because few values of lists are written. A write reads the document then.
fn listed<A: Aggregate>(raw: &RawDocument) -> Result<Stored<A>, StoreError> {
    let Read { value, version, .. } = read(raw)?;
    Ok(Stored { value, version, origin: Origin::none() })
}

/// The value that was read; an error is logged and becomes `None`, so that the caller can continue.
pub(crate) fn readable<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "skipping an unreadable document")).ok()
}

/// The value of a raw document. A copy of it remains in the origin, since a write compares it with the new
/// value.
pub(crate) fn stored<A: Aggregate>(raw: RawDocumentBuf) -> Result<Stored<A>, StoreError> {
    let read = read::<A>(&raw)?;
    let (value, version) = (read.value.clone(), read.version);
    Ok(Stored { value, version, origin: Origin::new(Original { raw, read }) })
}

/// What can be read from a raw document.
pub(crate) fn read<A: Aggregate>(raw: &RawDocument) -> Result<Read<A>, StoreError> {
    A::read(raw).map_err(|reason| corrupt(A::COLLECTION, raw, &reason))
}

/// The error of an unreadable stored document.
pub(crate) fn corrupt(collection: &'static str, raw: &RawDocument, reason: &Unreadable) -> StoreError {
    let id = match raw.get("_id") {
        Ok(Some(id)) => id.as_object_id().map_or_else(|| format!("{id:?}"), |id| id.to_hex()),
        _ => "the document has no _id".to_owned(),
    };
    StoreError::Corrupt { collection, id, reason: reason.to_string() }
}
