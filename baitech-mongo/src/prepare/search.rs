//! The search entries of stored documents.

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::decide;
use baitech_core::kernel::Id;
use baitech_core::search::SearchIndex;
use baitech_core::store::{SearchChange, SearchEntry, SearchKey, Searchable};
use bson::{Document, RawDocument};
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::error::Error;

use super::derive::in_order;
use super::progress::Watch;
use crate::codec::Aggregate;
use crate::search::{COLLECTION, POSTS, REVIEWS, post_texts, review_texts, update_unless_newer};
use crate::{update, version};

/// The number of entries in one command.
const SIZE: usize = 100;

/// The collections with searchable texts, each read once. Messages of the earlier application are encrypted.
pub(super) const READ: [(&str, u64); 4] =
    [(User::COLLECTION, 1), (Booking::COLLECTION, 1), (POSTS, 1), (REVIEWS, 1)];

/// Builds the search entries of all readable documents, and returns the number of these documents. Commits
/// may run meanwhile: an entry of a newer version is kept. Unreadable documents are skipped.
pub(super) async fn build(database: &Database, watch: &Watch) -> Result<u64, Error> {
    let builder = Builder { database, watch };
    let users = builder.entries(User::COLLECTION, SearchIndex::Users, of_aggregate::<User>).await?;
    let bookings = builder.entries(Booking::COLLECTION, SearchIndex::Bookings, of_aggregate::<Booking>);
    let bookings = bookings.await?;
    let post = |raw: &RawDocument| {
        let post = post_texts(raw).ok()?;
        Some(post.searchable().as_ref().map(Searchable::entry))
    };
    let posts = builder.entries(POSTS, SearchIndex::Posts, post).await?;
    let review = |raw: &RawDocument| Some(Some(review_texts(raw).ok()?.searchable().entry()));
    let reviews = builder.entries(REVIEWS, SearchIndex::Reviews, review).await?;
    Ok([users, bookings, posts, reviews].into_iter().fold(0, u64::saturating_add))
}

/// What a document becomes: nothing, if it cannot be read; otherwise its entry, if it has one.
type Entry = Option<Option<SearchEntry>>;

fn of_aggregate<A: Aggregate + decide::Aggregate>(raw: &RawDocument) -> Entry {
    let value = A::decode(raw).ok()?;
    Some(value.searchable().as_ref().map(Searchable::entry))
}

#[derive(Debug)]
struct Builder<'a> {
    database: &'a Database,
    watch: &'a Watch,
}

impl Builder<'_> {
    /// Builds the entries of a collection, and returns the number of documents.
    async fn entries(
        &self,
        collection: &str,
        index: SearchIndex,
        entry_of: impl Fn(&RawDocument) -> Entry,
    ) -> Result<u64, Error> {
        let mut found = in_order(self.database, collection).await?;
        let mut updates: Vec<Document> = Vec::with_capacity(SIZE);
        let mut built = 0_u64;
        while let Some(raw) = found.try_next().await? {
            self.watch.step();
            let (Ok(id), Some(entry)) = (raw.get_object_id("_id"), entry_of(&raw)) else { continue };
            let key = SearchKey { index, id: Id::from_bytes(id.bytes()) };
            let change = SearchChange { key, version: version::of(&raw), entry };
            updates.push(update_unless_newer(&change));
            built = built.saturating_add(1);
            if updates.len() == SIZE {
                update::each(self.database, COLLECTION, &std::mem::take(&mut updates)).await?;
            }
        }
        update::each(self.database, COLLECTION, &updates).await?;
        Ok(built)
    }
}
