//! The stored form of a large part of a reconciliation.

use baitech_core::kernel::Id;
use baitech_core::payment::{ReconciliationContent, ReconciliationPart};
use bson::{Bson, RawDocument, RawDocumentBuf, doc};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::serde_as;

use crate::codec::Unreadable;
use crate::index::definition::{Collection, index};
use crate::value::{Millis, Oid};

pub(super) const COLLECTION: &str = "reconciliationParts";
/// When the part may be deleted.
pub(super) const EXPIRES_AT: &str = "expiresAt";

/// The collection of parts, which are read by id.
pub(crate) fn collection() -> Collection {
    Collection { name: COLLECTION, indexes: vec![index(doc! { EXPIRES_AT: 1 })] }
}

/// One document of `reconciliationParts`.
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<ReconciliationPart>,
    #[serde_as(as = "Millis")]
    expires_at: DateTime<Utc>,
    /// The serialised content. It is always read as a whole, and no query looks into it.
    content: Bson,
}

pub(super) fn encode(part: ReconciliationPart) -> Result<RawDocumentBuf, bson::error::Error> {
    let ReconciliationPart { id, expires_at, content } = part;
    let content = bson::serialize_to_bson(&content)?;
    bson::serialize_to_raw_document_buf(&PartDocument { id, expires_at, content })
}

pub(super) fn decode(raw: &RawDocument) -> Result<ReconciliationPart, Unreadable> {
    let PartDocument { id, expires_at, content } = bson::deserialize_from_slice(raw.as_bytes())?;
    let content: ReconciliationContent =
        bson::deserialize_from_bson(content).map_err(|error| Unreadable::from(error).in_field("content"))?;
    Ok(ReconciliationPart { id, expires_at, content })
}
