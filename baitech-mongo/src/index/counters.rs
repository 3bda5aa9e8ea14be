use super::definition::Collection;

/// Sequences, one document each, found by `_id` alone.
pub(super) fn collection() -> Collection {
    Collection { name: "counters", indexes: Vec::new() }
}
