use bson::doc;

use super::definition::{Collection, index, unique, where_exists};
use crate::log::{COLLECTION, CONSUMERS, HEAD, PARKED};

/// Events in the order of their subject, by number, by topic and number, and those without a number by time and by commit.
pub(super) fn collection() -> Collection {
    let of_subject = unique(doc! { "aggregate.id": 1, "version": 1, "n": 1 });
    let by_number = where_exists(unique(doc! { "seq": 1 }), "seq");
    let by_topic = where_exists(index(doc! { "topics": 1, "seq": 1 }), "seq");
    let waiting = where_exists(index(doc! { "at": 1, "version": 1, "n": 1 }), "pending");
    let of_commit = where_exists(index(doc! { "commit": 1 }), "pending");
    Collection { name: COLLECTION, indexes: vec![of_subject, by_number, by_topic, waiting, of_commit] }
}

/// Consumers of the log, found by `_id`, or the slowest one.
pub(super) fn consumers() -> Collection {
    Collection { name: CONSUMERS, indexes: vec![index(doc! { "seq": 1 })] }
}

/// The head of the log, and parked events, each found by `_id`.
pub(super) fn found_by_id() -> [Collection; 2] {
    [HEAD, PARKED].map(|name| Collection { name, indexes: Vec::new() })
}
