use baitech_core::payment::Reconciliation;
use bson::doc;

use super::definition::{Collection, index, where_exists};
use crate::codec::Aggregate;
use crate::reconciliation::part::{COLLECTION as PARTS, EXPIRES_AT};

/// Reconciliations of statements, the last submitted first.
pub(super) fn collection() -> Collection {
    Collection {
        name: Reconciliation::COLLECTION,
        indexes: vec![
            index(doc! { "submittedAt": -1, "_id": 1 }),
            where_exists(index(doc! { "dueAt": 1 }), "dueAt"),
            where_exists(index(doc! { "dueSetAside.at": -1, "_id": 1 }), "dueSetAside.at"),
        ],
    }
}

/// Their large parts, read by id.
pub(super) fn parts() -> Collection {
    Collection { name: PARTS, indexes: vec![index(doc! { EXPIRES_AT: 1 })] }
}
