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
    const FIELDS: Fields = Fields::strict(1);

    fn indexes() -> Vec<IndexModel> {
        vec![index(doc! { "status": 1, "submittedAt": 1, "_id": 1 })]
    }

    fn encode_raw(&self) -> Result<RawDocumentBuf, bson::error::Error> {
        bson::serialize_to_raw_document_buf(&SerializeAsWrap::<_, StoredKycCase>::new(&**self))
    }

    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable> {
        lenient::read(document, Self::FIELDS)?
            .try_map(|read: DeserializeAsWrap<_, StoredKycCase>| Ok(Self::from_record(read.into_inner())))
    }
}
