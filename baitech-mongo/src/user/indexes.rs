//! The indexes of users.

use bson::doc;
use mongodb::IndexModel;

use crate::index::definition::{index, unique, where_text};

pub(super) fn all() -> Vec<IndexModel> {
    vec![
        index(doc! { "location": "2dsphere" }),
        // Technicians of a category around a job.
        index(doc! { "skills.category": 1, "serviceRadius": 1, "publicPlace": "2dsphere" }),
        unique(doc! { "email": 1 }),
        unique(doc! { "phoneNumber": 1 }),
        where_text(unique(doc! { "username": 1 }), "username"),
        index(doc! { "role": 1, "status": 1, "rating.average": -1 }),
        index(doc! { "skills.category": 1, "status": 1, "role": 1 }),
        index(doc! { "fcmTokens.token": 1 }),
        // Lists by id.
        index(doc! { "role": 1, "status": 1, "_id": 1 }),
        index(doc! { "skills.category": 1, "role": 1, "status": 1, "_id": 1 }),
    ]
}
