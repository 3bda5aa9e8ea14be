//! Bookings: their documents and queries.

mod document;
mod parts;
mod pricing;
mod read;
pub(crate) mod repository;
mod write;

pub(crate) use document::BookingDocument;

use baitech_core::booking::Booking;
use baitech_core::kernel::Id;
use baitech_core::store::AggregateRef;
use bson::{Document, RawDocument};

use crate::codec::{Aggregate, Unreadable};

impl Aggregate for Booking {
    const COLLECTION: &'static str = "bookings";

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn encode(&self) -> Result<Document, bson::error::Error> {
        bson::serialize_to_document(&BookingDocument::from(self.clone()))
    }

    fn decode(document: &RawDocument) -> Result<Self, Unreadable> {
        bson::deserialize_from_slice::<BookingDocument>(document.as_bytes())?.into_booking()
    }

    fn reference(id: Id<Self>) -> AggregateRef {
        AggregateRef::Booking(id)
    }
}
