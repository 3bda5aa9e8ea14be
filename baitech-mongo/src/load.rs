//! Reading aggregates.

use std::collections::HashMap;

use async_trait::async_trait;
use baitech_core::kernel::{Cursor, Id, Page, PageRequest};
use baitech_core::store::{Load, Origin, StoreError, Stored};
use bson::{Document, RawDocument, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::Cursor as Found;

use crate::codec::{Aggregate, Unreadable};
use crate::server_error::unavailable;
use crate::value::oid;
use crate::{MongoStore, version};

/// The raw document from which a value was read; it is passed back with the next write.
#[derive(Debug)]
pub(crate) struct RawOrigin(pub(crate) RawDocumentBuf);

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

/// Makes a page from up to one document more than it contains. An unreadable document is skipped and logged,
/// but still counts for the page, so that the list does not end early.
pub(crate) async fn read_page<A: Aggregate>(
    found: Found<RawDocumentBuf>,
    page: &PageRequest,
    cursor_of: impl Fn(&RawDocument) -> Cursor,
) -> Result<Page<Stored<A>>, StoreError> {
    Ok(page_of(found.try_collect().await.map_err(unavailable)?, page, cursor_of))
}

/// As [`read_page`], from the documents.
pub(crate) fn page_of<A: Aggregate>(
    mut documents: Vec<RawDocumentBuf>,
    page: &PageRequest,
    cursor_of: impl Fn(&RawDocument) -> Cursor,
) -> Page<Stored<A>> {
    let more = documents.len() > page.limit();
    documents.truncate(page.limit());
    let next_cursor = documents.last().filter(|_| more).map(|last| cursor_of(last));
    Page { items: documents.into_iter().filter_map(|raw| readable(stored(raw))).collect(), next_cursor }
}

/// The value that was read; an error is logged and becomes `None`, so that the caller can continue.
pub(crate) fn readable<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "skipping an unreadable document")).ok()
}

/// The value of a raw document, with its version and the raw document as its origin.
pub(crate) fn stored<A: Aggregate>(raw: RawDocumentBuf) -> Result<Stored<A>, StoreError> {
    let value = A::decode(&raw).map_err(|reason| corrupt(A::COLLECTION, &raw, &reason))?;
    Ok(Stored { value, version: version::of(&raw), origin: Origin::new(RawOrigin(raw)) })
}

/// The error of an unreadable stored document.
pub(crate) fn corrupt(collection: &'static str, raw: &RawDocument, reason: &Unreadable) -> StoreError {
    let id = match raw.get("_id") {
        Ok(Some(id)) => id.as_object_id().map_or_else(|| format!("{id:?}"), |id| id.to_hex()),
        _ => "the document has no _id".to_owned(),
    };
    StoreError::Corrupt { collection, id, reason: reason.to_string() }
}
