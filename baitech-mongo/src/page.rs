//! Keyset pages.

use baitech_core::kernel::{Id, PageRequest};
use bson::RawDocument;
use bson::oid::ObjectId;
use bson::raw::RawBsonRef;

/// One more than the page holds: the extra one tells that there is another page.
pub(crate) fn limit_of(page: &PageRequest) -> i64 {
    i64::try_from(page.limit()).unwrap_or(i64::MAX).saturating_add(1)
}

/// The id by which a page begins after a document. A stranger's id that is no `ObjectId` is sorted before all of them, or after.
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
