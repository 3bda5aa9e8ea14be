use bson::doc;

use super::definition::{Collection, index};
use crate::ledger::COLLECTION;

/// Append-only double entries; the lines of an account, the newest first.
pub(super) fn collection() -> Collection {
    Collection { name: COLLECTION, indexes: vec![index(doc! { "postings.account": 1, "at": -1, "_id": 1 })] }
}
