use baitech_core::booking::{Booking, BookingStatus};
use bson::doc;

use super::definition::{Collection, index, text, unique, where_date, where_exists, where_status};
use crate::codec::Aggregate;

pub(super) fn collection() -> Collection {
    Collection {
        name: Booking::COLLECTION,
        indexes: vec![
            index(doc! { "serviceLocation": "2dsphere" }),
            // Open requests of a category around a place: small indexes, one per status, since partial
            // indexes support no alternatives before MongoDB 6. Their keys differ, because servers before 5
            // accept the same keys only once.
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
            text(&["bookingNumber", "description", "serviceType"]),
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
            // Due work: a booking without a next task has no `dueAt` and no index entry.
            where_exists(index(doc! { "dueAt": 1 }), "dueAt"),
            where_exists(index(doc! { "dueSetAside.at": -1, "_id": 1 }), "dueSetAside.at"),
        ],
    }
}
