//! Bookings: their documents and queries.

mod document;
mod indexes;
mod parts;
mod pricing;
mod rate;
mod read;
pub(crate) mod repository;
mod write;

pub(crate) use document::BookingDocument;

use baitech_core::booking::Booking;
use bson::{RawDocument, RawDocumentBuf};
use mongodb::IndexModel;

use crate::codec::{Aggregate, Unreadable};
use crate::commit::plan::Derived;
use crate::lenient::{self, Fields, Read};

/// The vital fields and the nested documents of a booking.
///
/// `status` is vital because it decides how the money is handled. `customer`, `technician` and `company` are
/// vital because they identify the owners of the money.
const FIELDS: Fields = Fields::new(
    1,
    &[
        "_id",
        "bookingNumber",
        "customer",
        "technician",
        "status",
        "pricing.**",
        "payment",
        "payment.status",
        "payment.transactionId",
        "payment.supplements.**",
        "payment.paid",
        "payment.held",
        "payment.onHold",
        "payment.withholding",
        "payment.reservedCommission",
        "corporateDetails",
        "corporateDetails.company",
    ],
    &[
        "serviceLocation",
        "timeSlot",
        "declinedOffers.[].timeSlot",
        "reschedule.slot",
        "payment",
        "matchingDetails",
        "cancellation",
        "dispute",
        "warranty",
        "corporateDetails",
        "qualityCheck",
        "notes",
    ],
);

impl Aggregate for Booking {
    const COLLECTION: &'static str = "bookings";
    const FIELDS: Fields = FIELDS;

    fn indexes() -> Vec<IndexModel> {
        indexes::all()
    }

    fn encode_raw(&self) -> Result<RawDocumentBuf, bson::error::Error> {
        bson::serialize_to_raw_document_buf(&BookingDocument::from(self.clone()))
    }

    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable> {
        lenient::read(document, FIELDS)?.try_map(|read: BookingDocument| Ok(read.into_booking()))
    }

    const EXPECTED: &'static [&'static str] = &[
        "serviceCategory",
        "serviceType",
        "description",
        "serviceLocation.coordinates",
        "timeSlot.date",
        "timeSlot.startTime",
        "timeSlot.endTime",
    ];

    fn derive(&self, before: Option<&Self>, derived: &mut Derived) {
        derived.jobs.of(before, self);
    }
}
