use baitech_core::payment::Webhook;
use bson::doc;

use super::definition::{Collection, index, where_exists};
use crate::codec::Aggregate;

/// Calls of payment providers, the newest first.
pub(super) fn collection() -> Collection {
    Collection {
        name: Webhook::COLLECTION,
        indexes: vec![
            index(doc! { "status": 1, "receivedAt": -1, "_id": 1 }),
            where_exists(index(doc! { "dueAt": 1 }), "dueAt"),
            where_exists(index(doc! { "dueSetAside.at": -1, "_id": 1 }), "dueSetAside.at"),
            where_exists(index(doc! { "expiresAt": 1 }), "expiresAt"),
        ],
    }
}
