use super::definition::Collection;
use crate::counters::COLLECTION;

/// Sequences, one document each, found by `_id` alone.
pub(super) fn collection() -> Collection {
    Collection { name: COLLECTION, indexes: Vec::new() }
}
