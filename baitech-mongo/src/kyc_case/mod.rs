//! Identity checks: their documents and queries.

mod document;
mod repository;

use baitech_core::account::KycCase;
use bson::{RawDocument, RawDocumentBuf, doc};
use mongodb::IndexModel;
use serde_with::de::DeserializeAsWrap;
use serde_with::ser::SerializeAsWrap;

use self::document::StoredKycCase;
use crate::codec::{Aggregate, Unreadable};
use crate::index::definition::index;
use crate::lenient::{self, Fields, Read};

impl Aggregate for KycCase {
    const COLLECTION: &'static str = "kyccases";

    fn indexes() -> Vec<IndexModel> {
        vec![index(doc! { "status": 1, "submittedAt": 1, "_id": 1 })]
    }

    fn encode_raw(&self) -> Result<RawDocumentBuf, bson::error::Error> {
        bson::serialize_to_raw_document_buf(&SerializeAsWrap::<_, StoredKycCase>::new(&**self))
    }

    /// Only the engine writes these, so they are read strictly.
    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable> {
        lenient::read(document, Fields { vital: &["**"], parts: &[] })?
            .try_map(|read: DeserializeAsWrap<_, StoredKycCase>| Ok(Self::from_record(read.into_inner())))
    }
}
