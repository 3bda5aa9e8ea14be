//! Keyset pages of lists, the newest first.

use baitech_core::kernel::{Code, Cursor, Id, Page, PageRequest, Violation};
use baitech_core::store::{StoreError, Stored};
use bson::oid::ObjectId;
use bson::raw::RawBsonRef;
use bson::{Bson, DateTime, Document, RawDocument, doc};
use mongodb::options::{FindOptions, Hint};

use crate::MongoStore;
use crate::codec::Aggregate;
use crate::load::Pageful;
use crate::server_error::unavailable;
use crate::value::oid;

/// A list by time, the newest first. Documents of the earlier application without a time come last.
#[derive(Debug)]
pub(crate) struct ListByTime {
    /// The condition of the list.
    pub(crate) query: Document,
    /// The field with the time.
    pub(crate) field: &'static str,
    pub(crate) hint: Option<Hint>,
}

impl ListByTime {
    /// Reads a page. One query for documents with and without a time would cost more on every page, so a
    /// second query reads those without one, where the documents with a time end.
    pub(crate) async fn page<A: Aggregate>(
        self,
        store: &MongoStore,
        page: &PageRequest,
    ) -> Result<Page<Stored<A>>, StoreError> {
        let after = page.cursor().map(Position::<A>::parse).transpose().map_err(StoreError::Cursor)?;
        let mut query = self.query.clone();
        if let Some(after) = &after {
            after.bound(&mut query, self.field);
        }
        let found = self.find(store, query, Pageful::new(page)).await?;
        // A document without a time is in no period.
        let only_times =
            after.is_some_and(|after| after.time.is_some()) && !self.query.contains_key(self.field);
        if !only_times || found.missing() == 0 {
            return Ok(found.into_page());
        }
        let mut query = self.query.clone();
        query.insert(self.field, doc! { "$eq": Bson::Null });
        Ok(self.find(store, query, found).await?.into_page())
    }

    async fn find<A: Aggregate>(
        &self,
        store: &MongoStore,
        query: Document,
        found: Pageful<A>,
    ) -> Result<Pageful<A>, StoreError> {
        let order = newest_first(self.field);
        let options =
            FindOptions::builder().sort(order).limit(found.missing()).hint(self.hint.clone()).build();
        let documents =
            store.raw(A::COLLECTION).find(query).with_options(options).await.map_err(unavailable)?;
        found.read(documents, |document| Position::<A>::of(document, self.field).cursor()).await
    }
}

/// One more than the page size: the extra document shows that there is another page.
pub(crate) fn limit_of(page: &PageRequest) -> i64 {
    i64::try_from(page.limit()).unwrap_or(i64::MAX).saturating_add(1)
}

/// The id after which the next page begins. An id that is not an `ObjectId` is sorted before or after all of
/// them.
pub(crate) fn id_of<A>(document: &RawDocument) -> Id<A> {
    let id = match document.get("_id") {
        Ok(Some(RawBsonRef::ObjectId(id))) => id,
        Ok(Some(RawBsonRef::Boolean(_) | RawBsonRef::DateTime(_) | RawBsonRef::Timestamp(_))) => {
            ObjectId::from_bytes([u8::MAX; 12])
        }
        _ => ObjectId::from_bytes([0; 12]),
    };
    Id::from_bytes(id.bytes())
}

/// The start of a page in a list by time: after the document with this time and id.
#[derive(Debug)]
struct Position<A> {
    /// A document of the earlier application without a time comes after all others.
    time: Option<DateTime>,
    id: Id<A>,
}

/// The text in a cursor for a missing time.
const NO_TIME: &str = "none";

impl<A> Position<A> {
    /// The position of a document by the time in this field.
    fn of(document: &RawDocument, field: &str) -> Self {
        Self { time: document.get_datetime(field).ok(), id: id_of(document) }
    }

    fn cursor(&self) -> Cursor {
        match self.time {
            Some(time) => Cursor::new(time.timestamp_millis(), self.id),
            None => Cursor::new(NO_TIME, self.id),
        }
    }

    fn parse(cursor: &Cursor) -> Result<Self, Violation> {
        let (time, id) = cursor.parts::<String, Id<A>>()?;
        if time == NO_TIME {
            return Ok(Self { time: None, id });
        }
        let millis = time
            .parse()
            .map_err(|_| Violation::new("cursor", Code::Malformed, "the cursor belongs to another list"))?;
        Ok(Self { time: Some(DateTime::from_millis(millis)), id })
    }

    /// Restricts a query to documents after this position: those with a time, if the position has one, else
    /// those without. The query's existing condition on the time must be a document of operators.
    fn bound(&self, query: &mut Document, field: &str) {
        let later_id = doc! { "$gt": oid(self.id) };
        let bounds = query.entry(field.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
        let Some(bounds) = bounds.as_document_mut() else { return };
        let Some(time) = self.time else {
            bounds.insert("$eq", Bson::Null);
            query.insert("_id", later_id);
            return;
        };
        // Implied by what follows, this bounds the index scan.
        bounds.insert("$lte", time);
        let older = doc! { field: { "$lt": time } };
        let same_time = doc! { field: time, "_id": later_id };
        query.insert("$or", [older, same_time]);
    }
}

/// The order of a list by time.
pub(crate) fn newest_first(field: &str) -> Document {
    doc! { field: -1, "_id": 1 }
}
