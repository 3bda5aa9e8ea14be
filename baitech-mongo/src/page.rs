//! Keyset pages of lists, the newest first.

use baitech_core::kernel::{Code, Cursor, Id, PageRequest, Violation};
use bson::oid::ObjectId;
use bson::raw::RawBsonRef;
use bson::{Bson, DateTime, Document, RawDocument, doc};

use crate::value::oid;

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
pub(crate) struct Position<A> {
    /// A document of the earlier application without a time comes after all others.
    time: Option<DateTime>,
    id: Id<A>,
}

/// The text in a cursor for a missing time.
const NO_TIME: &str = "none";

impl<A> Position<A> {
    /// The position of a document by the time in this field.
    pub(crate) fn of(document: &RawDocument, field: &str) -> Self {
        Self { time: document.get_datetime(field).ok(), id: id_of(document) }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        match self.time {
            Some(time) => Cursor::new(time.timestamp_millis(), self.id),
            None => Cursor::new(NO_TIME, self.id),
        }
    }

    pub(crate) fn parse(cursor: &Cursor) -> Result<Self, Violation> {
        let (time, id) = cursor.parts::<String, Id<A>>()?;
        if time == NO_TIME {
            return Ok(Self { time: None, id });
        }
        let millis = time
            .parse()
            .map_err(|_| Violation::new("cursor", Code::Malformed, "the cursor belongs to another list"))?;
        Ok(Self { time: Some(DateTime::from_millis(millis)), id })
    }

    /// Restricts a query to documents after this position. The query's existing condition on the time must be
    /// a document of operators.
    pub(crate) fn bound(self, query: &mut Document, field: &str) {
        let later_id = doc! { "$gt": oid(self.id) };
        let bounds = query.entry(field.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
        let Some(bounds) = bounds.as_document_mut() else { return };
        let Some(time) = self.time else {
            bounds.insert("$eq", Bson::Null);
            query.insert("_id", later_id);
            return;
        };
        // Implied by what follows, this bounds the index scan.
        bounds.insert("$not", doc! { "$gt": time });
        let older = doc! { field: { "$lt": time } };
        let same_time = doc! { field: time, "_id": later_id };
        query.insert("$or", [older, same_time, doc! { field: Bson::Null }]);
    }
}

/// The order of a list by time.
pub(crate) fn newest_first(field: &str) -> Document {
    doc! { field: -1, "_id": 1 }
}
