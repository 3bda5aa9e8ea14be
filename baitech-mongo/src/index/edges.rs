use bson::doc;

use super::definition::{Collection, index, where_exists};
use crate::edges::COLLECTION;

/// Edges, found by `_id`; the lists of present ones by either end, newest first.
pub(super) fn collection() -> Collection {
    let listed = |end: &str| where_exists(index(doc! { "kind": 1, end: 1, "at": -1, "_id": 1 }), "value");
    Collection { name: COLLECTION, indexes: vec![listed("to"), listed("from")] }
}
