use baitech_core::account::User;
use bson::doc;

use super::definition::{Collection, index, text, unique, where_exists, where_text};
use crate::codec::Aggregate;

pub(super) fn collection() -> Collection {
    Collection {
        name: User::COLLECTION,
        indexes: vec![
            index(doc! { "location": "2dsphere" }),
            // Technicians of a category around a job.
            index(doc! { "skills.category": 1, "serviceRadius": 1, "publicPlace": "2dsphere" }),
            text(&["firstName", "lastName", "bio", "skills.name", "businessName"]),
            unique(doc! { "email": 1 }),
            unique(doc! { "phoneNumber": 1 }),
            where_text(unique(doc! { "username": 1 }), "username"),
            index(doc! { "role": 1, "status": 1, "rating.average": -1 }),
            index(doc! { "skills.category": 1, "status": 1, "role": 1 }),
            index(doc! { "fcmTokens.token": 1 }),
            // Lists by id.
            index(doc! { "role": 1, "status": 1, "_id": 1 }),
            index(doc! { "skills.category": 1, "role": 1, "status": 1, "_id": 1 }),
            where_exists(index(doc! { "dueAt": 1 }), "dueAt"),
            where_exists(index(doc! { "dueSetAside.at": -1, "_id": 1 }), "dueSetAside.at"),
        ],
    }
}
