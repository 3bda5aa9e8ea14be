//! Users: their documents and queries.

mod document;
mod hours;
mod identity;
mod indexes;
mod jobs;
pub(crate) mod parts;
mod read;
pub(crate) mod repository;
mod tally;
mod write;

pub(crate) use document::UserDocument;
pub(crate) use hours::HoursDocument;
pub(crate) use identity::{claimed_field, identity_claims};
pub(crate) use jobs::{JOBS, JobMoves, JobsUpdate, oldest_kept};
pub(crate) use read::service_radius;
pub(crate) use tally::TallyUpdate;

use baitech_core::account::User;
use bson::{Document, RawDocument, RawDocumentBuf};
use mongodb::IndexModel;

use crate::codec::{Aggregate, Unreadable};
use crate::commit::plan::Derived;
use crate::lenient::{self, Fields, Read};

/// A user without a readable e-mail address or phone number is still a valid user, so these fields are not
/// vital.
pub(crate) const FIELDS: Fields = Fields::new(
    1,
    &["_id"],
    &[
        "location",
        "publicPlace",
        "address",
        "businessLicense",
        "insurance",
        "billingInfo",
        "kyc",
        "rating",
        "stats",
    ],
);

impl Aggregate for User {
    const COLLECTION: &'static str = "users";
    const FIELDS: Fields = FIELDS;

    fn indexes() -> Vec<IndexModel> {
        indexes::all()
    }

    fn encode_raw(&self) -> Result<RawDocumentBuf, bson::error::Error> {
        bson::serialize_to_raw_document_buf(&UserDocument::from(self.clone()))
    }

    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable> {
        lenient::read(document, FIELDS)?.try_map(|read: UserDocument| Ok(read.into_user()))
    }

    const EXPECTED: &'static [&'static str] =
        &["role", "status", "firstName", "lastName", "email", "phoneNumber"];

    const DERIVES: &'static [&'static str] = &hours::DERIVES;

    fn forget_derived(raw: &Document, understood: &mut Document, new: &Document) {
        hours::forget_derived(raw, understood, new);
    }

    fn derive(&self, before: Option<&Self>, derived: &mut Derived) {
        identity::change_claims(before, self, derived);
    }
}
