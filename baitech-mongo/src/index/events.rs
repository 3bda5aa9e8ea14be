use bson::doc;

use super::definition::{Collection, unique};

/// The outbox: events in the order of their aggregate.
pub(super) fn collection() -> Collection {
    Collection { name: "events", indexes: vec![unique(doc! { "aggregate": 1, "version": 1, "n": 1 })] }
}
