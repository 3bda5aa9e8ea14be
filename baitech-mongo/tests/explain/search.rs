//! The plans of searches.

use std::borrow::Cow;

use baitech_core::kernel::Id;
use baitech_core::store::{
    ChangeSet, Commit, Readers, SearchChange, SearchIndex, SearchKey, SearchQuery, SearchReader, SearchScope,
    Searchable, Version,
};
use baitech_core::testing::build;
use baitech_mongo::MongoStore;

use super::support::explain::{explainable, recorded};
use super::{examined, page};

const ME: u64 = 9_001;
const CONVERSATION: u64 = 9_101;

fn entry(index: SearchIndex, n: u64, readers: Readers, text: &str) -> SearchChange {
    let within = (index == SearchIndex::Messages).then(|| build::id(CONVERSATION + n % 50));
    let (field, _) = index.fields().last().unwrap();
    let texts = vec![(*field, Cow::Borrowed(text))];
    let texts = Searchable { index, readers, within, at: build::start(), title: "Title".into(), texts };
    let key = SearchKey { index, id: build::id(n) };
    SearchChange { key, version: Version::FIRST, entry: Some(texts.entry()) }
}

/// So many technicians, and bookings and messages of many people; some of each are mine or have a rare word.
async fn fill(store: &MongoStore, count: u64) {
    let other = |n: u64| Readers::Only(vec![build::id(9_500 + n % 100)]);
    let whose = |n: u64| if n.is_multiple_of(100) { Readers::Only(vec![build::id(ME)]) } else { other(n) };
    let texts = |n: u64| if n % 100 == 50 { "repair of a geyser" } else { "repair of a sink" };
    let all = (0..count).flat_map(|n| {
        [
            entry(SearchIndex::Users, n, Readers::Everyone, texts(n)),
            entry(SearchIndex::Bookings, n, whose(n), texts(n)),
            entry(SearchIndex::Messages, n, whose(n), texts(n)),
        ]
    });
    let all: Vec<SearchChange> = all.collect();
    for part in all.chunks(1_000) {
        let _ = store.commit(ChangeSet { search: part.to_vec(), ..ChangeSet::new() }).await.unwrap();
    }
}

fn mine(index: SearchIndex, text: &str) -> SearchQuery {
    SearchQuery::new(index, SearchScope::Of(build::id(ME)), text).unwrap()
}

/// Every form of a search.
pub(super) async fn ask_for_texts(store: &MongoStore) {
    fill(store, 30).await;
    for index in SearchIndex::ALL {
        for scope in [SearchScope::All, SearchScope::Of(build::id(ME))] {
            for within in [None, Some(build::id(CONVERSATION))] {
                for text in ["geyser", "rep gey", "a"] {
                    let query = SearchQuery::new(index, scope, text).unwrap().within(within);
                    let first = store.search(&query, &page(None)).await.unwrap();
                    store.search(&query, &page(first.next_cursor)).await.unwrap();
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_examines_what_has_the_word_or_belongs_to_the_reader() {
    let (store, sent) = recorded().await;
    fill(&store, 2_000).await;
    let conversation: Id<()> = build::id(CONVERSATION);
    let cases = [
        ("a rare word in public texts", mine(SearchIndex::Users, "geys"), 20),
        ("a frequent word in my texts", mine(SearchIndex::Bookings, "repair"), 20),
        ("in a conversation", mine(SearchIndex::Messages, "repair").within(Some(conversation)), 20),
    ];
    // In the second run, the server uses the plans of its cache.
    for (what, query, hits) in cases.iter().cycle().take(6) {
        sent.lock().unwrap().clear();
        let found = store.search(query, &page(None)).await.unwrap();
        assert_eq!(found.items.len(), *hits, "{what}");
        let commands: Vec<_> = sent.lock().unwrap().iter().flat_map(explainable).collect();
        let search = commands.iter().find(|command| command.contains_key("aggregate")).unwrap();
        let (keys, documents) = examined(store.database(), search).await;
        assert!(documents <= 60 && keys <= 200, "{what}: {keys} keys and {documents} documents");
    }
}
