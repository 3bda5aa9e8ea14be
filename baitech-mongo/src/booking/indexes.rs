//! The indexes of bookings.

use baitech_core::booking::BookingStatus;
use bson::doc;
use mongodb::IndexModel;

use crate::index::definition::{index, unique, where_date, where_exists, where_status};

pub(super) fn all() -> Vec<IndexModel> {
    vec![
        index(doc! { "serviceLocation": "2dsphere" }),
        // Open requests of a category around a place: small indexes, one per status, since partial indexes
        // support no alternatives before MongoDB 6. Their keys differ, because servers before 5 accept the
        // same keys only once.
        where_status(
            index(doc! { "serviceCategory": 1, "serviceLocation": "2dsphere" }),
            BookingStatus::Pending,
        ),
        where_status(
            index(doc! { "serviceCategory": 1, "serviceLocation": "2dsphere", "_id": 1 }),
            BookingStatus::Matching,
        ),
        // Deleted bookings, which are few: counts by status use the indexes alone, minus these.
        where_date(index(doc! { "deletedAt": 1 }), "deletedAt"),
        unique(doc! { "bookingNumber": 1 }),
        index(doc! { "customer": 1, "status": 1, "createdAt": -1 }),
        index(doc! { "technician": 1, "status": 1, "createdAt": -1 }),
        // Lists, the newest first; the id makes the order total, so that a page begins where the last one
        // ended.
        index(doc! { "customer": 1, "createdAt": -1, "_id": 1 }),
        index(doc! { "technician": 1, "createdAt": -1, "_id": 1 }),
        where_exists(
            index(doc! { "corporateDetails.company": 1, "createdAt": -1, "_id": 1 }),
            "corporateDetails.company",
        ),
        index(doc! { "status": 1, "createdAt": -1, "_id": 1 }),
    ]
}
