use bson::doc;

use super::definition::{Collection, index, text, unique, where_exists};

pub(super) fn collection() -> Collection {
    Collection {
        name: "bookings",
        indexes: vec![
            index(doc! { "serviceLocation": "2dsphere" }),
            text(&["bookingNumber", "description", "serviceType"]),
            unique(doc! { "bookingNumber": 1 }),
            index(doc! { "customer": 1, "status": 1, "createdAt": -1 }),
            index(doc! { "technician": 1, "status": 1, "createdAt": -1 }),
            // Due work: a booking on which nothing will happen by itself has no `dueAt` and costs no entry.
            where_exists(index(doc! { "dueAt": 1 }), "dueAt"),
        ],
    }
}
