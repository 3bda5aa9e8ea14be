//! Reconciliations of statements and their large parts: their documents and queries.

mod document;
mod indexes;
pub(crate) mod part;
pub(crate) mod repository;

use baitech_core::payment::Reconciliation;
use bson::{Document, RawDocument};
use mongodb::IndexModel;

use self::document::ReconciliationDocument;
use crate::codec::{Aggregate, Unreadable};
use crate::lenient::{self, Fields, Read};

impl Aggregate for Reconciliation {
    const COLLECTION: &'static str = "reconciliations";

    fn indexes() -> Vec<IndexModel> {
        indexes::all()
    }

    fn encode(&self) -> Result<Document, bson::error::Error> {
        bson::serialize_to_document(&ReconciliationDocument::from(self.clone()))
    }

    /// Only the engine writes these, so they are read strictly.
    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable> {
        lenient::read(document, Fields { vital: &["**"], parts: &[] })?
            .try_map(|read: ReconciliationDocument| Ok(read.into_reconciliation()))
    }
}
