use baitech_core::booking::Booking;
use bson::doc;

use super::definition::{Collection, index, text, unique, where_exists};
use crate::codec::Aggregate;

pub(super) fn collection() -> Collection {
    Collection {
        name: Booking::COLLECTION,
        indexes: vec![
            index(doc! { "serviceLocation": "2dsphere" }),
            text(&["bookingNumber", "description", "serviceType"]),
            unique(doc! { "bookingNumber": 1 }),
            index(doc! { "customer": 1, "status": 1, "createdAt": -1 }),
            index(doc! { "technician": 1, "status": 1, "createdAt": -1 }),
            // Lists, the newest first; the id makes the order total, so that a page begins where the last one ended.
            index(doc! { "customer": 1, "createdAt": -1, "_id": 1 }),
            index(doc! { "technician": 1, "createdAt": -1, "_id": 1 }),
            where_exists(
                index(doc! { "corporateDetails.company": 1, "createdAt": -1, "_id": 1 }),
                "corporateDetails.company",
            ),
            index(doc! { "status": 1, "createdAt": -1, "_id": 1 }),
            // Jobs of a day and of a week.
            index(doc! { "technician": 1, "status": 1, "timeSlot.date": 1 }),
            // Due work: a booking on which nothing will happen by itself has no `dueAt` and costs no entry.
            where_exists(index(doc! { "dueAt": 1 }), "dueAt"),
        ],
    }
}
