//! Text search: what is stored of each searchable thing, and how a query ranks it.
//!
//! The rules are here, so that every store finds the same things in the same order: how a text is divided
//! into words, which entries match, and how relevant they are.

use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap, fmt, str::FromStr};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{SearchIndex, StoreError, Version};
use crate::kernel::{Code, Cursor, Id, Page, PageRequest, Violation, query_words, words};

/// The identity of a searchable thing. Its text form is `bookings:65f1…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SearchKey {
    /// The index that contains it.
    pub index: SearchIndex,
    /// Its id: that of the booking, the post.
    pub id: Id<()>,
}

impl fmt::Display for SearchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.index, self.id)
    }
}

impl FromStr for SearchKey {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let parsed = text
            .split_once(':')
            .and_then(|(index, id)| Some(Self { index: index.parse().ok()?, id: id.parse().ok()? }));
        parsed.ok_or_else(|| Violation::new("search", Code::Malformed, "must be INDEX:ID"))
    }
}

/// Who may find an entry, besides staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readers {
    /// Everyone who may search.
    Everyone,
    /// These users, by id. With an empty list, only staff may find it.
    Only(Vec<Id<()>>),
}

/// The searchable texts of a thing, borrowed from it. [`Aggregate::searchable`](crate::decide::Aggregate)
/// returns it, and [`entry`](Self::entry) turns it into what a store keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searchable<'a> {
    /// The index.
    pub index: SearchIndex,
    /// Who may find it.
    pub readers: Readers,
    /// What it belongs to, for searches in a part of the index: the conversation of a message.
    pub within: Option<Id<()>>,
    /// The time by which equally relevant things are ordered, the latest first.
    pub at: DateTime<Utc>,
    /// What a list of results shows.
    pub title: Cow<'a, str>,
    /// Texts with the names of their fields ([`SearchIndex::fields`]). A name may be repeated.
    pub texts: Vec<(&'static str, Cow<'a, str>)>,
}

impl Searchable<'_> {
    /// Divides the texts into words.
    #[must_use]
    pub fn entry(&self) -> SearchEntry {
        let mut weights: BTreeMap<String, u16> = BTreeMap::new();
        // The most important fields first, so that a long text does not push them out.
        let mut texts: Vec<_> =
            self.texts.iter().map(|(field, text)| (self.index.weight(field), text)).collect();
        texts.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        for (weight, text) in texts {
            for word in words(text) {
                let is_full = weights.len() >= SearchEntry::MAX_WORDS;
                match weights.get_mut(&word) {
                    Some(known) => *known = weight.max(*known),
                    None if is_full || weight == 0 => {}
                    None => {
                        weights.insert(word, weight);
                    }
                }
            }
        }
        let readers = match &self.readers {
            Readers::Everyone => Readers::Everyone,
            Readers::Only(users) => {
                let mut users = users.clone();
                users.sort_unstable();
                users.dedup();
                Readers::Only(users)
            }
        };
        let title = self.title.chars().take(SearchEntry::MAX_TITLE_CHARS).collect();
        SearchEntry { readers, within: self.within, at: self.at, title, words: weights }
    }
}

/// What a store keeps of a searchable thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchEntry {
    /// Who may find it. Users are sorted, without duplicates.
    pub readers: Readers,
    /// What it belongs to.
    pub within: Option<Id<()>>,
    /// The time by which equally relevant entries are ordered.
    pub at: DateTime<Utc>,
    /// What a list of results shows: at most [`MAX_TITLE_CHARS`](Self::MAX_TITLE_CHARS) characters.
    pub title: String,
    /// The different words, each with the weight of the most important field that contains it: the first
    /// [`MAX_WORDS`](Self::MAX_WORDS) of the most important fields.
    pub words: BTreeMap<String, u16>,
}

impl SearchEntry {
    /// The maximum number of different words.
    pub const MAX_WORDS: usize = 500;
    /// The maximum length of the title in characters.
    pub const MAX_TITLE_CHARS: usize = 120;
}

/// A change of one entry, in the commit of the aggregate that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchChange {
    /// The entry that is changed.
    pub key: SearchKey,
    /// The version of the aggregate after the commit.
    pub version: Version,
    /// The new entry; `None` removes it.
    pub entry: Option<SearchEntry>,
}

/// Whose entries a query finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchScope {
    /// All entries, for staff.
    All,
    /// Those that everyone may find, and those that name this user as a reader.
    Of(Id<()>),
}

/// A query. Each of its words must equal a word of the entry or, from two characters on, be a prefix of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// The index.
    pub index: SearchIndex,
    /// Whose entries.
    pub scope: SearchScope,
    /// Only entries that belong to this.
    pub within: Option<Id<()>>,
    words: Vec<String>,
}

impl SearchQuery {
    /// The maximum length of the text in characters.
    pub const MAX_CHARS: usize = 200;
    /// The maximum number of words.
    pub const MAX_WORDS: usize = 8;
    /// The minimum length of a word that also matches as a prefix.
    const MIN_PREFIX_CHARS: usize = 2;

    /// Divides the text of a query into words, without frequent ones (`the`, `wa`).
    ///
    /// # Errors
    /// A [`Violation`] of `q`: [`Code::Required`] without a letter or digit, [`Code::TooLong`] for more than
    /// [`MAX_CHARS`](Self::MAX_CHARS) characters or [`MAX_WORDS`](Self::MAX_WORDS) words.
    pub fn new(index: SearchIndex, scope: SearchScope, text: &str) -> Result<Self, Violation> {
        let refused = |code, message: String| Err(Violation::new("q", code, message));
        if text.chars().count() > Self::MAX_CHARS {
            return refused(Code::TooLong, format!("must have at most {} characters", Self::MAX_CHARS));
        }
        let words = query_words(text);
        if words.is_empty() {
            return refused(Code::Required, "must have at least one letter or digit".to_owned());
        }
        if words.len() > Self::MAX_WORDS {
            let most = Self::MAX_WORDS;
            let message = format!("must have at most {most} different words, stop words such as `the` apart");
            return refused(Code::TooLong, message);
        }
        Ok(Self { index, scope, within: None, words })
    }

    /// Restricts the query to entries that belong to this.
    #[must_use]
    pub const fn within(mut self, owner: Option<Id<()>>) -> Self {
        self.within = owner;
        self
    }

    /// The words, all of which must match.
    #[must_use]
    pub fn words(&self) -> impl ExactSizeIterator<Item = SearchWord<'_>> {
        self.words.iter().map(|text| {
            let is_prefix = text.chars().nth(Self::MIN_PREFIX_CHARS.saturating_sub(1)).is_some();
            SearchWord { text, is_prefix }
        })
    }

    /// How relevant an entry is; `None` if a word of the query has no match. Each word of the query adds its
    /// best match: the weight of a longer word that it is a prefix of, or twice the weight of the equal word.
    ///
    /// This is the definition. A store may compute the same in its own way.
    #[must_use]
    pub fn relevance(&self, entry: &SearchEntry) -> Option<u32> {
        self.words().try_fold(0_u32, |sum, word| Some(sum.saturating_add(word.relevance(entry)?)))
    }

    /// Whether the scope and `within` of the query permit this entry. Words are not compared.
    #[must_use]
    pub fn may_find(&self, entry: &SearchEntry) -> bool {
        let is_reader = match (self.scope, &entry.readers) {
            (SearchScope::All, _) | (SearchScope::Of(_), Readers::Everyone) => true,
            (SearchScope::Of(user), Readers::Only(users)) => users.contains(&user),
        };
        is_reader && (self.within.is_none() || self.within == entry.within)
    }
}

/// One word of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchWord<'a> {
    /// The word as it is compared.
    pub text: &'a str,
    /// Whether it also matches longer words that begin with it.
    pub is_prefix: bool,
}

impl SearchWord<'_> {
    fn relevance(self, entry: &SearchEntry) -> Option<u32> {
        let whole = entry.words.get(self.text).map(|weight| u32::from(*weight).saturating_mul(2));
        let longer =
            entry.words.range::<str, _>((std::ops::Bound::Excluded(self.text), std::ops::Bound::Unbounded));
        let longer = longer.take_while(|(word, _)| self.is_prefix && word.starts_with(self.text));
        longer.map(|(_, weight)| u32::from(*weight)).max().max(whole)
    }
}

/// One result of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// What was found.
    pub key: SearchKey,
    /// What a list of results shows.
    pub title: String,
    /// Its time.
    pub at: DateTime<Utc>,
    /// How relevant it is ([`SearchQuery::relevance`]).
    pub relevance: u32,
}

impl SearchHit {
    /// Its place in the list: the most relevant first, then the latest, then by id. Times are compared by
    /// milliseconds.
    #[must_use]
    pub const fn place(&self) -> SearchPlace {
        (Reverse(self.relevance), Reverse(self.at.timestamp_millis()), self.key.id)
    }

    /// The cursor of a page that ends with this hit.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor::new(format_args!("{}:{}", self.relevance, self.at.timestamp_millis()), self.key.id)
    }

    /// The place that a cursor names.
    ///
    /// # Errors
    /// A [`Violation`] of `cursor`.
    pub fn place_of(cursor: &Cursor) -> Result<SearchPlace, Violation> {
        let (place, id) = cursor.parts::<String, Id<()>>()?;
        let place = place.split_once(':').and_then(|(relevance, millis)| {
            Some((Reverse(relevance.parse().ok()?), Reverse(millis.parse().ok()?), id))
        });
        place.ok_or_else(|| Violation::new("cursor", Code::Malformed, "the cursor belongs to another list"))
    }
}

/// The order of hits: by relevance, by time in milliseconds, and by id.
pub type SearchPlace = (Reverse<u32>, Reverse<i64>, Id<()>);

/// Searches the entries that commits have put.
#[async_trait]
pub trait SearchReader: Send + Sync + fmt::Debug {
    /// The entries that match a query, in the order of [`SearchHit::place`]. An entry is found as soon as the
    /// commit that put it has returned.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Corrupt`], [`StoreError::Unavailable`];
    /// [`StoreError::NotPrepared`] for a database whose earlier documents are not indexed yet.
    async fn search(&self, query: &SearchQuery, page: &PageRequest) -> Result<Page<SearchHit>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(texts: &[(&'static str, &'static str)]) -> SearchEntry {
        let texts = texts.iter().map(|(field, text)| (*field, Cow::Borrowed(*text))).collect();
        let (index, readers, at) = (SearchIndex::Users, Readers::Everyone, DateTime::UNIX_EPOCH);
        Searchable { index, readers, within: None, at, title: "x".repeat(500).into(), texts }.entry()
    }

    fn query(text: &str) -> SearchQuery {
        SearchQuery::new(SearchIndex::Users, SearchScope::All, text).unwrap()
    }

    #[test]
    fn relevance_is_the_sum_of_the_best_matches() {
        let peter = entry(&[("firstName", "Peter"), ("bio", "Peter fixes pipes and petrol pumps")]);
        for (text, relevance) in [
            ("peter", Some(6)),
            ("pet", Some(3)),
            ("pipes", Some(2)),
            ("peter pipe", Some(7)),
            ("peter sinks", None),
            ("eter", None),
            ("p", None),
        ] {
            assert_eq!(query(text).relevance(&peter), relevance, "{text}");
        }
    }

    #[test]
    fn entries_are_bounded() {
        let long: String = (0..2_000).map(|n| format!("word{n} ")).collect();
        let entry = entry(&[("bio", Box::leak(long.into_boxed_str())), ("firstName", "word1 important")]);
        assert_eq!(entry.words.len(), SearchEntry::MAX_WORDS);
        assert_eq!(entry.words["important"], 3, "a long text does not push it out");
        assert_eq!(entry.words["word1"], 3, "a word that is there already gets the higher weight");
        assert_eq!(entry.title.len(), SearchEntry::MAX_TITLE_CHARS);
    }

    #[test]
    fn invalid_queries_name_the_field() {
        let refused = |text: &str| {
            let refused = SearchQuery::new(SearchIndex::Users, SearchScope::All, text).unwrap_err();
            assert_eq!(refused.field, "q");
            refused.code
        };
        assert_eq!(refused(" ?! "), Code::Required);
        assert_eq!(refused(&"a".repeat(201)), Code::TooLong);
        assert_eq!(refused("one two three four five six seven eight nine"), Code::TooLong);
        assert!(query(&"ab ".repeat(60)).words().len() == 1, "repetitions do not count");
    }

    #[test]
    fn cursors_keep_the_place() {
        let at = DateTime::from_timestamp_millis(-7).unwrap();
        let key = SearchKey { index: SearchIndex::Posts, id: Id::from_bytes([9; 12]) };
        let hit = SearchHit { key, title: String::new(), at, relevance: 12 };
        assert_eq!(SearchHit::place_of(&hit.cursor()), Ok(hit.place()));
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in ["", "7~", "x:1~090909090909090909090909", "7~090909090909090909090909"] {
            assert!(SearchHit::place_of(&Cursor::from_text(text)).is_err(), "{text}");
        }
    }
}
