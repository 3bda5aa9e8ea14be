//! Text search: one document for each entry of an index. A removed entry leaves a document without words, so
//! that building the index meanwhile cannot restore it.
//!
//! MongoDB's own text index finds only whole words, so it is not used.

mod earlier;

use async_trait::async_trait;
use baitech_core::kernel::{Page, PageRequest};
use baitech_core::store::{
    Readers, SearchChange, SearchEntry, SearchHit, SearchKey, SearchPlace, SearchQuery, SearchReader,
    SearchScope, SearchWord, StoreError,
};
use bson::{Bson, DateTime, Document, RawDocument, RawDocumentBuf, doc};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_with::{DisplayFromStr, serde_as};

use crate::MongoStore;
use crate::codec::Unreadable;
use crate::lenient::FORMAT;
use crate::load::corrupt;
use crate::page::limit_of;
use crate::server_error::unavailable;
use crate::value::{Millis, Whole, oid};
use crate::version;

pub(crate) use earlier::{POSTS, REVIEWS, post_texts, review_texts};

pub(crate) const COLLECTION: &str = "searchEntries";

/// The format of a document, and of the words in it. After it is raised, entries have to be built again
/// (`baitech rebuild-search`).
const ENTRY_FORMAT: i32 = 1;

/// Whether everyone may find the entry.
const EVERYONE: &str = "everyone";
/// The users who may find it, if not everyone may.
const READERS: &str = "readers";

/// The last character of Unicode. No word contains it.
const LAST: char = '\u{10FFFF}';

/// A result of the pipeline.
#[serde_as]
#[derive(Debug, Deserialize)]
struct Found {
    #[serde(rename = "_id")]
    #[serde_as(as = "DisplayFromStr")]
    key: SearchKey,
    title: String,
    #[serde_as(as = "Millis")]
    at: chrono::DateTime<chrono::Utc>,
    #[serde_as(as = "Whole")]
    relevance: u32,
}

fn decode(raw: &RawDocument) -> Result<SearchHit, StoreError> {
    let found: Found = bson::deserialize_from_slice(raw.as_bytes())
        .map_err(|error| corrupt(COLLECTION, raw, &Unreadable::from(error)))?;
    let Found { key, title, at, relevance } = found;
    Ok(SearchHit { key, title, at, relevance })
}

fn document(change: &SearchChange) -> Document {
    let SearchChange { key, version, entry } = change;
    let mut document = doc! {
        "_id": key.to_string(),
        "index": key.index.as_str(),
        "version": version::to_bson(*version),
        FORMAT: ENTRY_FORMAT,
    };
    let Some(SearchEntry { readers, within, at, title, words }) = entry else { return document };
    document.insert(EVERYONE, *readers == Readers::Everyone);
    if let Readers::Only(users) = readers {
        document.insert(READERS, users.iter().map(|user| oid(*user)).collect::<Vec<_>>());
    }
    if let Some(within) = within {
        document.insert("within", oid(*within));
    }
    document.insert("at", DateTime::from_chrono(*at));
    document.insert("title", title);
    document.insert("words", words.keys().collect::<Vec<_>>());
    document.insert("weights", words.values().map(|weight| i32::from(*weight)).collect::<Vec<_>>());
    document
}

/// The update that applies a change of a commit. The commit checks the version of the aggregate, so this one
/// is the latest.
pub(crate) fn update(change: &SearchChange) -> Document {
    doc! { "q": { "_id": change.key.to_string() }, "u": document(change), "upsert": true }
}

/// The update that builds an entry from a stored document. If a commit has put a newer one, the filter does
/// not match, and the upsert fails with a duplicate `_id`, which [`update::each`](crate::update::each) ignores.
pub(crate) fn update_unless_newer(change: &SearchChange) -> Document {
    let filter =
        doc! { "_id": change.key.to_string(), "version": { "$lte": version::to_bson(change.version) } };
    doc! { "q": filter, "u": document(change), "upsert": true }
}

/// The condition that an entry has this word.
fn has(word: SearchWord<'_>) -> Document {
    let SearchWord { text, is_prefix } = word;
    if !is_prefix {
        return doc! { "words": text };
    }
    doc! { "words": { "$elemMatch": { "$gte": text, "$lt": format!("{text}{LAST}") } } }
}

/// The entries that a query may find and that have all of its words. Each branch of the `$or`
/// uses its own MongoDB index.
fn matching(query: &SearchQuery) -> Document {
    let words: Vec<Document> = query.words().map(has).collect();
    let mut base = doc! { "index": query.index.as_str(), "$and": words };
    if let Some(within) = query.within {
        base.insert("within", oid(within));
    }
    let with = |field: &str, reader: Bson| {
        let mut alternative = base.clone();
        alternative.insert(field, reader);
        alternative
    };
    match query.scope {
        // Lists both values, because this field precedes the words in the MongoDB index.
        SearchScope::All => with(EVERYONE, doc! { "$in": [false, true] }.into()),
        SearchScope::Of(user) => {
            doc! { "$or": [with(EVERYONE, true.into()), with(READERS, oid(user).into())] }
        }
    }
}

/// How much a word of the query adds to the relevance: [`SearchQuery::relevance`] as an expression.
fn relevance(word: SearchWord<'_>) -> Document {
    let of_entry = doc! { "$arrayElemAt": ["$words", "$$i"] };
    let weight = doc! { "$arrayElemAt": ["$weights", "$$i"] };
    let begins = doc! { "$eq": [{ "$indexOfBytes": [&of_entry, { "$literal": word.text }] }, 0] };
    let longer = if word.is_prefix {
        doc! { "$cond": [begins, &weight, 0] }
    } else {
        doc! { "$literal": 0 }
    };
    let whole = doc! { "$eq": [&of_entry, { "$literal": word.text }] };
    let each = doc! { "$cond": [whole, { "$multiply": [&weight, 2] }, longer] };
    let positions = doc! { "$range": [0, { "$size": "$words" }] };
    doc! { "$max": { "$map": { "input": positions, "as": "i", "in": each } } }
}

/// The hits after a place.
fn after((relevance, millis, id): SearchPlace, query: &SearchQuery) -> Document {
    let (relevance, at) = (i64::from(relevance.0), DateTime::from_millis(millis.0));
    let key = SearchKey { index: query.index, id }.to_string();
    doc! { "$or": [
        { "relevance": { "$lt": relevance } },
        { "relevance": relevance, "at": { "$lt": at } },
        { "relevance": relevance, "at": at, "_id": { "$gt": key } },
    ] }
}

fn pipeline(query: &SearchQuery, page: &PageRequest) -> Result<Vec<Document>, StoreError> {
    let sum: Vec<Document> = query.words().map(relevance).collect();
    let mut stages = vec![
        doc! { "$match": matching(query) },
        doc! { "$project": { "title": 1, "at": 1, "relevance": { "$add": sum } } },
    ];
    if let Some(cursor) = page.cursor() {
        let place = SearchHit::place_of(cursor).map_err(StoreError::Cursor)?;
        stages.push(doc! { "$match": after(place, query) });
    }
    stages.push(doc! { "$sort": { "relevance": -1, "at": -1, "_id": 1 } });
    stages.push(doc! { "$limit": limit_of(page) });
    Ok(stages)
}

#[async_trait]
impl SearchReader for MongoStore {
    async fn search(&self, query: &SearchQuery, page: &PageRequest) -> Result<Page<SearchHit>, StoreError> {
        self.require_search_entries().await?;
        let found = self.raw(COLLECTION).aggregate(pipeline(query, page)?).await.map_err(unavailable)?;
        let found = found.with_type::<RawDocumentBuf>();
        let found: Vec<RawDocumentBuf> = found.try_collect().await.map_err(unavailable)?;
        let hits: Vec<SearchHit> = found.iter().map(|raw| decode(raw)).collect::<Result<_, _>>()?;
        Ok(Page::from_overfull(hits, page.limit(), SearchHit::cursor))
    }
}
