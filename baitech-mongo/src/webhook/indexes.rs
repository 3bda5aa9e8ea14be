//! The indexes of calls.

use bson::doc;
use mongodb::IndexModel;

use crate::index::definition::{index, where_exists};

/// Calls of payment providers, the newest first.
pub(super) fn all() -> Vec<IndexModel> {
    vec![
        index(doc! { "status": 1, "receivedAt": -1, "_id": 1 }),
        where_exists(index(doc! { "expiresAt": 1 }), "expiresAt"),
    ]
}
