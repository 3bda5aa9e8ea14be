//! Entries of the search indexes, which follow from the aggregates that a commit writes.

use super::Aggregate;
use crate::store::{SearchChange, SearchIndex, SearchKey, Searchable, Version};

/// The change of the search entry that belongs to a write; `None` if the write changes nothing about it.
pub(crate) fn search_change<A: Aggregate>(
    before: Option<&A>,
    after: &A,
    version: Version,
) -> Option<SearchChange> {
    let (old, new) = (before.and_then(A::searchable), after.searchable());
    // The texts are compared, so that a write that leaves them alone does not divide them into words.
    if old == new {
        return None;
    }
    let index: SearchIndex = new.as_ref().or(old.as_ref())?.index;
    let key = SearchKey { index, id: after.id().cast() };
    Some(SearchChange { key, version, entry: new.as_ref().map(Searchable::entry) })
}
