use super::definition::Collection;
use crate::counts::COLLECTION;

/// Counters of aggregates, found by `_id` alone.
pub(super) fn collection() -> Collection {
    Collection { name: COLLECTION, indexes: Vec::new() }
}
