//! Calls of payment providers: their documents and queries.

mod document;
pub(crate) mod repository;

use baitech_core::kernel::Id;
use baitech_core::payment::Webhook;
use baitech_core::store::AggregateRef;
use bson::{Document, RawDocument};

use self::document::WebhookDocument;
use crate::codec::{Aggregate, Unreadable};

impl Aggregate for Webhook {
    const COLLECTION: &'static str = "webhooks";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn encode(&self) -> Result<Document, bson::error::Error> {
        bson::serialize_to_document(&WebhookDocument::from(self.clone()))
    }

    fn decode(document: &RawDocument) -> Result<Self, Unreadable> {
        Ok(bson::deserialize_from_slice::<WebhookDocument>(document.as_bytes())?.into_webhook())
    }

    fn reference(id: Id<Self>) -> AggregateRef {
        AggregateRef::Webhook(id)
    }
}
