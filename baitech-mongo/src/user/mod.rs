//! Users: their documents and queries.

mod document;
mod jobs;
pub(crate) mod parts;
mod phone;
mod read;
pub(crate) mod repository;
mod tally;
mod write;

pub(crate) use document::UserDocument;
pub(crate) use jobs::{JOBS, JobMoves, JobsUpdate, oldest_kept};
pub(crate) use phone::{PHONE_CLAIMS, phone_claim, phone_claims};
pub(crate) use read::{DEFAULT_ZONE, availability, service_radius};
pub(crate) use tally::TallyUpdate;

use baitech_core::account::User;
use baitech_core::kernel::Id;
use baitech_core::store::AggregateRef;
use bson::{Document, RawDocument};

use crate::codec::{Aggregate, Unreadable};

impl Aggregate for User {
    const COLLECTION: &'static str = "users";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn encode(&self) -> Result<Document, bson::error::Error> {
        bson::serialize_to_document(&UserDocument::from(self.clone()))
    }

    fn decode(document: &RawDocument) -> Result<Self, Unreadable> {
        bson::deserialize_from_slice::<UserDocument>(document.as_bytes())?.into_user()
    }

    fn reference(id: Id<Self>) -> AggregateRef {
        AggregateRef::User(id)
    }
}
