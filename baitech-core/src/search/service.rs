use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{SearchHit, SearchIndex, SearchQuery};
use crate::{
    engine::Engine,
    kernel::{Actor, Error, Id, Page, PageRequest, Result},
    store::{Fingerprint, SearchKey, SearchScope},
};

/// Searches by text.
#[derive(Debug, Clone)]
pub struct Search {
    engine: Arc<Engine>,
}

/// What to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// The index.
    pub index: SearchIndex,
    /// The text: at most 200 characters and 8 words.
    pub text: String,
    /// Only what belongs to this: the conversation of messages.
    pub within: Option<Id<()>>,
}

impl SearchRequest {
    /// A search of a whole index.
    #[must_use]
    pub fn new(index: SearchIndex, text: impl Into<String>) -> Self {
        Self { index, text: text.into(), within: None }
    }
}

/// One result of a search, as it appears on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResult {
    /// The index in which it was found.
    pub index: SearchIndex,
    /// The id of the user, the post, the booking.
    pub id: Id<()>,
    /// The name of a person, or the beginning of a text.
    pub title: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// How relevant it is, for comparison with other results of the same query.
    pub relevance: u32,
}

impl From<SearchHit> for SearchResult {
    fn from(hit: SearchHit) -> Self {
        let SearchHit { key: SearchKey { index, id }, title, at, relevance } = hit;
        Self { index, id, title, created_at: at, relevance }
    }
}

impl Search {
    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Finds what matches a text, the most relevant first.
    ///
    /// Everyone who has signed in finds active technicians, public posts and reviews, their own posts and
    /// reviews, and their own bookings (as customer, technician or company); staff find everything. Nothing
    /// writes messages into their index yet.
    ///
    /// # Errors
    /// A violation of `q` or `cursor`; [`Error::Forbidden`] for anonymous actors;
    /// [`Rule::INACTIVE_USER`](crate::kernel::Rule::INACTIVE_USER);
    /// [`Rule::NOT_PREPARED`](crate::kernel::Rule::NOT_PREPARED) for a database whose stored documents are
    /// not indexed yet; [`Error::Unavailable`].
    pub async fn find(
        &self,
        actor: &Actor,
        request: &SearchRequest,
        page: &PageRequest,
    ) -> Result<Page<SearchResult>> {
        let actor = self.engine.reader(actor).await?;
        let scope = match actor.id() {
            _ if actor.is_staff() => SearchScope::All,
            Some(user) => SearchScope::Of(user.cast()),
            None => return Err(Error::forbidden("only signed-in users can search")),
        };
        let query = SearchQuery::new(request.index, scope, &request.text)?.within(request.within);
        let list = list_of(request, &query);
        let found = self.engine.store.search(&query, &page.of_list(&list)?).await?;
        Ok(found.of_list(&list).map(SearchResult::from))
    }
}

/// The name of the list that a cursor belongs to: another query has another one.
fn list_of(request: &SearchRequest, query: &SearchQuery) -> String {
    let words: Vec<&str> = query.words().map(|word| word.text).collect();
    let within = request.within.map(|within| within.to_string()).unwrap_or_default();
    let query = Fingerprint::of(format!("{within} {}", words.join(" ")).as_bytes()).to_bytes();
    let query: String = query.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("search-{}-{query}", request.index)
}
