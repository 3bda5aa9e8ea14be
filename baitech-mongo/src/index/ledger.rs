use bson::doc;

use super::definition::{Collection, index};
use crate::ledger::COLLECTION;

/// Append-only double entries; a balance is the sum of an account's postings.
pub(super) fn collection() -> Collection {
    Collection { name: COLLECTION, indexes: vec![index(doc! { "postings.account": 1, "at": 1 })] }
}
