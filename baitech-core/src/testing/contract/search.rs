use std::borrow::Cow;

use chrono::TimeDelta;
use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    Fixture,
    given::{apply, refuse, rename, samples, stored_user},
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    kernel::{Id, Page, PageRequest},
    ports::Store,
    store::{
        ChangeSet, Expected, Readers, SearchChange, SearchHit, SearchIndex, SearchKey, SearchQuery,
        SearchScope, Searchable, StoreError, Version,
    },
    testing::build::{self, customer, start},
};

/// The texts of a thing that everyone finds.
fn public(index: SearchIndex, texts: &[(&'static str, &str)]) -> Searchable<'static> {
    Searchable {
        index,
        readers: Readers::Everyone,
        within: None,
        at: start(),
        title: "Title".into(),
        texts: texts.iter().map(|(field, text)| (*field, Cow::Owned((*text).to_owned()))).collect(),
    }
}

/// A review with this comment, some minutes after the start.
fn review(comment: &str, minutes: i64) -> Searchable<'static> {
    let review = public(SearchIndex::Reviews, &[("comment", comment)]);
    Searchable { at: start() + TimeDelta::minutes(minutes), ..review }
}

fn putting(n: u64, texts: &Searchable<'_>) -> SearchChange {
    let key = SearchKey { index: texts.index, id: build::id(n) };
    SearchChange { key, version: Version::FIRST, entry: Some(texts.entry()) }
}

async fn put(store: &dyn Store, n: u64, texts: &Searchable<'_>) {
    apply(store, ChangeSet { search: vec![putting(n, texts)], ..ChangeSet::new() }).await;
}

fn query(index: SearchIndex, text: &str) -> SearchQuery {
    SearchQuery::new(index, SearchScope::All, text).unwrap()
}

async fn search(store: &dyn Store, query: &SearchQuery) -> Vec<SearchHit> {
    store.search(query, &PageRequest::default()).await.unwrap().items
}

/// The numbers of what is found, in order.
async fn found(store: &dyn Store, query: &SearchQuery) -> Vec<Id<()>> {
    search(store, query).await.into_iter().map(|hit| hit.key.id).collect()
}

fn ids<const N: usize>(numbers: [u64; N]) -> Vec<Id<()>> {
    numbers.map(build::id).into()
}

pub(super) async fn finds_every_field_of_every_index(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    for index in SearchIndex::ALL {
        for (n, (field, _)) in (1..).zip(index.fields()) {
            let number = format!("{n}").repeat(3);
            put(store, n, &public(index, &[(field, &format!("Bomba {number}"))])).await;
        }
        for (n, (_, weight)) in (1..).zip(index.fields()) {
            let key = SearchKey { index, id: build::id(n) };
            let relevance = u32::from(*weight) * 4;
            let hit = SearchHit { key, title: "Title".to_owned(), at: start(), relevance };
            let query = query(index, &format!("bomba {}", format!("{n}").repeat(3)));
            assert_eq!(search(store, &query).await, [hit]);
        }
        assert_eq!(search(store, &query(index, "bomba")).await.len(), index.fields().len());
        assert_eq!(search(store, &query(index, "fundi")).await, []);
    }
}

pub(super) async fn ignores_accents_case_and_apostrophes(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    put(store, 1, &review("Wanjikũ alinisaidia na ng'ombe wangu, crème de la crème", 0)).await;
    for text in ["wanjiku", "WANJIKŨ", "wanjikũ", "ngombe", "Ng’ombe", "creme", "CRÈME"] {
        assert_eq!(found(store, &query(SearchIndex::Reviews, text)).await, ids([1]), "{text}");
    }
    for text in ["njiku", "ombe", "brulee"] {
        assert_eq!(found(store, &query(SearchIndex::Reviews, text)).await, [], "{text}");
    }
}

pub(super) async fn matches_beginnings_of_words(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    put(store, 1, &review("alitengeneza mfereji vizuri", 0)).await;
    put(store, 2, &review("mfereji. mferejini+ [a-z]* 5", 1)).await;
    for (text, numbers) in [
        ("mferejini", ids([2])),
        ("mfere", ids([2, 1])),
        ("mf", ids([2, 1])),
        ("alite viz", ids([1])),
        // A single letter or digit is only found as a whole word.
        ("5", ids([2])),
        ("m", ids([])),
        // Signs divide words, and mean nothing else.
        ("m.*", ids([])),
        ("[mfereji]", ids([2, 1])),
        ("mferejini$", ids([2])),
    ] {
        assert_eq!(found(store, &query(SearchIndex::Reviews, text)).await, numbers, "{text}");
    }
}

pub(super) async fn needs_every_word_of_the_query(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    put(store, 1, &review("fundi mzuri wa bomba", 0)).await;
    put(store, 2, &review("fundi mzuri", 1)).await;
    assert_eq!(found(store, &query(SearchIndex::Reviews, "fundi")).await, ids([2, 1]));
    assert_eq!(found(store, &query(SearchIndex::Reviews, "bomba fundi")).await, ids([1]));
    // `wa` is a stop word and is ignored.
    assert_eq!(found(store, &query(SearchIndex::Reviews, "fundi wa mzuri")).await, ids([2, 1]));
    assert_eq!(found(store, &query(SearchIndex::Reviews, "fundi stima")).await, []);
}

pub(super) async fn ranks_by_relevance_then_recency(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let in_title = public(SearchIndex::Reviews, &[("title", "Sink"), ("comment", "sink")]);
    put(store, 1, &in_title).await;
    put(store, 2, &review("sink", 10)).await;
    put(store, 3, &review("sinks", 30)).await;
    put(store, 4, &review("sink sink sink", 20)).await;
    let equal = public(SearchIndex::Reviews, &[("title", "sink")]);
    put(store, 5, &equal).await;
    // The title counts more, then the whole word, then the time, then the id.
    assert_eq!(found(store, &query(SearchIndex::Reviews, "sink")).await, ids([1, 5, 4, 2, 3]));
}

pub(super) async fn shows_entries_to_their_readers(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let (amina, peter): (Id<()>, Id<()>) = (build::id(101), build::id(102));
    let message = |readers| Searchable { readers, ..public(SearchIndex::Messages, &[("text", "habari")]) };
    put(store, 1, &message(Readers::Everyone)).await;
    put(store, 2, &message(Readers::Only(vec![amina, peter, amina]))).await;
    put(store, 3, &message(Readers::Only(vec![peter]))).await;
    put(store, 4, &message(Readers::Only(Vec::new()))).await;
    for (scope, numbers) in [
        (SearchScope::All, ids([1, 2, 3, 4])),
        (SearchScope::Of(amina), ids([1, 2])),
        (SearchScope::Of(peter), ids([1, 2, 3])),
        (SearchScope::Of(build::id(103)), ids([1])),
    ] {
        let query = SearchQuery::new(SearchIndex::Messages, scope, "habari").unwrap();
        assert_eq!(found(store, &query).await, numbers, "{scope:?}");
    }
}

pub(super) async fn searches_within_an_owner(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let (first, second): (Id<()>, Id<()>) = (build::id(201), build::id(202));
    let message = |within| Searchable { within, ..public(SearchIndex::Messages, &[("text", "habari")]) };
    put(store, 1, &message(Some(first))).await;
    put(store, 2, &message(Some(second))).await;
    put(store, 3, &message(None)).await;
    let query = query(SearchIndex::Messages, "habari");
    for (within, numbers) in [
        (Some(first), vec![build::id(1)]),
        (Some(second), vec![build::id(2)]),
        (Some(build::id(203)), vec![]),
        (None, ids([1, 2, 3])),
    ] {
        assert_eq!(found(store, &query.clone().within(within)).await, numbers, "{within:?}");
    }
}

pub(super) async fn follows_changes_and_removals(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    put(store, 1, &review("kitchen sink", 0)).await;
    put(store, 2, &review("kitchen door", 0)).await;
    put(store, 1, &review("bathroom sink", 5)).await;
    assert_eq!(found(store, &query(SearchIndex::Reviews, "kitchen")).await, ids([2]));
    let hits = search(store, &query(SearchIndex::Reviews, "bathroom sink")).await;
    assert_eq!(hits.iter().map(|hit| hit.at).collect::<Vec<_>>(), [start() + TimeDelta::minutes(5)]);
    let removed = SearchChange { entry: None, ..putting(1, &review("", 0)) };
    for _ in 0..2 {
        let changes = ChangeSet { search: vec![removed.clone()], ..ChangeSet::new() };
        apply(store, changes).await;
        assert_eq!(found(store, &query(SearchIndex::Reviews, "bathroom")).await, []);
    }
    put(store, 1, &review("bathroom again", 0)).await;
    assert_eq!(found(store, &query(SearchIndex::Reviews, "bathroom")).await, ids([1]));
    // The same id in another index is another entry.
    put(store, 1, &public(SearchIndex::Posts, &[("caption", "bathroom")])).await;
    assert_eq!(found(store, &query(SearchIndex::Reviews, "bathroom")).await, ids([1]));
    assert_eq!(found(store, &query(SearchIndex::Posts, "bathroom again")).await, []);
}

pub(super) async fn stores_nothing_of_a_refused_set(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let user = stored_user(store, customer(1)).await;
    apply(store, rename(&user, "Newer")).await;
    let change = putting(1, &review("kitchen", 0));
    let stale = ChangeSet { search: vec![change.clone()], ..rename(&user, "Stale") };
    assert!(matches!(stale.writes.first().map(|write| write.expected()), Some(Expected::At(_))));
    assert!(matches!(refuse(store, stale).await, StoreError::Conflict(_)));
    assert_eq!(found(store, &query(SearchIndex::Reviews, "kitchen")).await, []);
    let twice = ChangeSet { search: vec![change.clone(), change], ..ChangeSet::new() };
    assert!(matches!(refuse(store, twice).await, StoreError::Malformed(_)));
    assert_eq!(found(store, &query(SearchIndex::Reviews, "kitchen")).await, []);
}

pub(super) async fn are_paged_while_others_come(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    for n in 0..25 {
        let text = if n % 3 == 0 { "sink" } else { "sinks" };
        put(store, n, &review(text, i64::try_from(n / 4).unwrap())).await;
    }
    let query = &query(SearchIndex::Reviews, "sink");
    let list = |page| async move { store.search(query, &page).await };
    let all: Vec<_> = walk(7, list).await.iter().map(SearchHit::place).collect();
    assert!(all.is_sorted() && all.len() == 25);
    let changing = walk_while_changing(7, list, |number, _| async move {
        // Before, among and after what was read.
        put(store, 100 + number, &review("sink", 1_000)).await;
        put(store, 200 + number, &review("sinks", 3)).await;
    });
    let seen = changing.await.into_iter().map(|hit| (hit.place(), hit.key.id));
    assert_complete(seen.collect(), (0..25).map(build::id));
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let query = &query(SearchIndex::Users, "sink");
    assert_refuses_foreign_cursors(|page| async move { store.search(query, &page).await }).await;
}

/// Few words with common beginnings, so that many entries match.
const WORDS: [&str; 9] = ["si", "sin", "sink", "sinki", "Sinks", "bo", "bomba", "Bomb'a", "ũ"];

fn any_searchable() -> impl Strategy<Value = Searchable<'static>> {
    let text = || vec(select(&WORDS[..]), 0..4).prop_map(|words| words.join(" "));
    let readers = prop_oneof![
        Just(Readers::Everyone),
        vec(101..104_u64, 0..3).prop_map(|users| Readers::Only(users.into_iter().map(build::id).collect())),
    ];
    let within = proptest::option::of((201..203_u64).prop_map(build::id));
    (text(), text(), readers, within, 0..3_i64).prop_map(|(title, comment, readers, within, minutes)| {
        let texts = public(SearchIndex::Reviews, &[("title", &title), ("comment", &comment)]);
        Searchable { readers, within, at: start() + TimeDelta::minutes(minutes), ..texts }
    })
}

fn any_query() -> impl Strategy<Value = SearchQuery> {
    let scope = prop_oneof![
        Just(SearchScope::All),
        (101..105_u64).prop_map(|user| SearchScope::Of(build::id(user))),
    ];
    let within = proptest::option::weighted(0.3, (201..204_u64).prop_map(build::id));
    (vec(select(&WORDS[..]), 1..3), scope, within).prop_map(|(words, scope, within)| {
        let query = SearchQuery::new(SearchIndex::Reviews, scope, &words.join(" ")).unwrap();
        query.within(within)
    })
}

pub(super) async fn finds_what_the_definition_says(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let entries: Vec<_> = (0..).zip(samples(any_searchable(), 60)).collect();
    let search = entries.iter().map(|(n, texts)| putting(*n, texts)).collect();
    apply(store, ChangeSet { search, ..ChangeSet::new() }).await;
    let mut matches = 0;
    for query in samples(any_query(), 80) {
        let mut expected: Vec<SearchHit> = Vec::new();
        for (n, texts) in &entries {
            let entry = texts.entry();
            let Some(relevance) = query.relevance(&entry).filter(|_| query.may_find(&entry)) else {
                continue;
            };
            let key = SearchKey { index: SearchIndex::Reviews, id: build::id(*n) };
            expected.push(SearchHit { key, title: entry.title, at: entry.at, relevance });
        }
        expected.sort_by_key(SearchHit::place);
        matches += expected.len();
        let query = &query;
        let found = walk(20, |page| async move { store.search(query, &page).await }).await;
        assert_eq!(found, expected, "{query:?}");
    }
    assert!(matches > 200, "{matches} matches say little");
}

pub(super) async fn are_changed_only_by_the_commit_that_wins(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let tasks = (0..8_u64).map(|n| {
        let (store, user) = (store.clone(), user.clone());
        Box::pin(async move {
            // Only one of them writes this version of the user, and only its entry may stay.
            let name = format!("writer{n}");
            let texts = public(SearchIndex::Users, &[("firstName", &name)]);
            let change = SearchChange { version: user.version.next(), ..putting(1, &texts) };
            let _ = store.commit(ChangeSet { search: vec![change], ..rename(&user, &name) }).await;
        }) as super::Task
    });
    fixture.run(tasks.collect()).await;
    let written: Page<SearchHit> =
        store.search(&query(SearchIndex::Users, "writer"), &PageRequest::default()).await.unwrap();
    assert_eq!(written.items.len(), 1);
    let user = super::given::load_user(&*store, user.id).await;
    assert_eq!(found(&*store, &query(SearchIndex::Users, user.first_name.as_str())).await, ids([1]));
}
