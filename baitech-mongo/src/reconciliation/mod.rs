//! Reconciliations of statements and their large parts: their documents and queries.

mod document;
mod indexes;
pub(crate) mod part;
pub(crate) mod repository;

use baitech_core::payment::Reconciliation;
use bson::{RawDocument, RawDocumentBuf};
use mongodb::IndexModel;
use serde_with::de::DeserializeAsWrap;
use serde_with::ser::SerializeAsWrap;

use self::document::StoredReconciliation;
use crate::codec::{Aggregate, Unreadable};
use crate::lenient::{self, Fields, Read};

impl Aggregate for Reconciliation {
    const COLLECTION: &'static str = "reconciliations";
    const FIELDS: Fields = Fields::strict(1);

    fn indexes() -> Vec<IndexModel> {
        indexes::all()
    }

    fn encode_raw(&self) -> Result<RawDocumentBuf, bson::error::Error> {
        bson::serialize_to_raw_document_buf(&SerializeAsWrap::<_, StoredReconciliation>::new(&**self))
    }

    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable> {
        lenient::read(document, Self::FIELDS)?.try_map(|read: DeserializeAsWrap<_, StoredReconciliation>| {
            Ok(Self::from_record(read.into_inner()))
        })
    }
}
