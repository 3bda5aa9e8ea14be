//! Text search of people, posts, reviews, messages and bookings.
//!
//! Matching ignores case, accents and apostrophes. A word of a query also matches as a prefix. All words of a
//! query must match. The most relevant results come first ([`SearchQuery::relevance`]), then the latest ones.
//!
//! Searchable texts are stored in the commit that changes them, so a search finds what has just been written.
//! [`SearchIndex::fields`] lists the fields with their weights.

mod earlier;
mod service;

pub use crate::store::{SearchHit, SearchIndex, SearchQuery};
pub use earlier::{EarlierPost, EarlierReview};
pub use service::{Search, SearchRequest, SearchResult};
