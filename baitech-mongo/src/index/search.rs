use bson::doc;

use super::definition::{Collection, index, where_exists};
use crate::search::COLLECTION;

/// Entries of the search indexes. By word, those for everyone and the others apart, so that a word that is
/// frequent in private texts costs a public search nothing; by reader, because one person's texts are few;
/// and by what they belong to.
pub(super) fn collection() -> Collection {
    let within = where_exists(index(doc! { "index": 1, "within": 1, "at": -1 }), "within");
    let indexes = vec![
        index(doc! { "index": 1, "everyone": 1, "words": 1 }),
        index(doc! { "index": 1, "readers": 1, "at": -1 }),
        within,
    ];
    Collection { name: COLLECTION, indexes }
}
