use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    kernel::{Id, Page, PageRequest},
    store::{
        SearchChange, SearchEntry, SearchHit, SearchIndex, SearchKey, SearchPlace, SearchQuery, SearchReader,
        SearchWord, StoreError,
    },
};

/// The entries of the search indexes, and the entries that contain a word.
#[derive(Debug, Default)]
pub(super) struct SearchTable {
    entries: HashMap<SearchKey, SearchEntry>,
    by_word: BTreeMap<(SearchIndex, String), BTreeSet<Id<()>>>,
}

impl SearchTable {
    pub(super) fn apply(&mut self, change: SearchChange) {
        let SearchChange { key, version: _, entry } = change;
        let SearchKey { index, id } = key;
        for word in self.entries.remove(&key).into_iter().flat_map(|old| old.words.into_keys()) {
            let word = (index, word);
            if let Some(ids) = self.by_word.get_mut(&word) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_word.remove(&word);
                }
            }
        }
        if let Some(entry) = entry {
            for word in entry.words.keys() {
                self.by_word.entry((index, word.clone())).or_default().insert(id);
            }
            self.entries.insert(key, entry);
        }
    }

    /// All hits after a place, in order.
    fn hits(&self, query: &SearchQuery, after: Option<SearchPlace>) -> Vec<SearchHit> {
        let Some(rarest) = query.words().max_by_key(|word| word.text.len()) else { return Vec::new() };
        let hit = |id: Id<()>| {
            let key = SearchKey { index: query.index, id };
            let entry = self.entries.get(&key).filter(|entry| query.may_find(entry))?;
            let relevance = query.relevance(entry)?;
            Some(SearchHit { key, title: entry.title.clone(), at: entry.at, relevance })
        };
        let is_after = |hit: &SearchHit| after.is_none_or(|after| hit.place() > after);
        let mut hits: Vec<_> =
            self.with_word(query.index, rarest).into_iter().filter_map(hit).filter(is_after).collect();
        hits.sort_unstable_by_key(SearchHit::place);
        hits
    }

    /// The entries with this word, or one that begins with it.
    fn with_word(&self, index: SearchIndex, word: SearchWord<'_>) -> BTreeSet<Id<()>> {
        let start = Bound::Included((index, word.text.to_owned()));
        let matching = self.by_word.range((start, Bound::Unbounded)).take_while(|((of, text), _)| {
            *of == index && if word.is_prefix { text.starts_with(word.text) } else { text == word.text }
        });
        matching.flat_map(|(_, ids)| ids.iter().copied()).collect()
    }
}

#[async_trait]
impl SearchReader for MemoryStore {
    async fn search(&self, query: &SearchQuery, page: &PageRequest) -> Result<Page<SearchHit>, StoreError> {
        let after = page.cursor().map(SearchHit::place_of).transpose().map_err(StoreError::Cursor)?;
        let mut hits = self.read().search.hits(query, after);
        hits.truncate(page.limit().saturating_add(1));
        Ok(Page::from_overfull(hits, page.limit(), SearchHit::cursor))
    }
}
