//! The search entries of stored documents: built by the preparation, and built again on demand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use baitech_core::account::User;
use baitech_core::decide::Aggregate;
use baitech_core::kernel::{Id, PageRequest};
use baitech_core::store::{
    ChangeSet, Commit, Load, Put, SearchChange, SearchIndex, SearchKey, SearchQuery, SearchReader,
    SearchScope, Searchable, StoreError, Stored,
};
use baitech_core::testing::build;
use baitech_mongo::MongoStore;
use bson::{Document, doc};
use support::{legacy, legacy_database};

#[tokio::test(flavor = "multi_thread")]
async fn stored_texts_are_found_after_the_preparation() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    for collection in ["posts", "reviews"] {
        let documents = store.database().collection::<Document>(collection);
        documents.insert_many(legacy(collection)).await.unwrap();
    }
    let query = |index, text: &str| SearchQuery::new(index, SearchScope::All, text).unwrap();
    let page = PageRequest::new(100, None).unwrap();
    let early = store.search(&query(SearchIndex::Bookings, "bk"), &page).await;
    assert!(
        matches!(&early, Err(StoreError::NotPrepared(way_out)) if way_out.contains("prepare")),
        "{early:?}"
    );
    let report = store.prepare().await.unwrap();
    let documents = ["users", "bookings", "posts", "reviews"].map(|name| legacy(name).len()).iter().sum();
    assert_eq!(usize::try_from(report.searchable), Ok(documents));

    for (index, name, fields) in [
        (SearchIndex::Users, "users", &["firstName", "lastName"][..]),
        (SearchIndex::Bookings, "bookings", &["bookingNumber", "serviceType", "description"]),
        (SearchIndex::Posts, "posts", &["caption"]),
        (SearchIndex::Reviews, "reviews", &["title", "comment"]),
    ] {
        for document in legacy(name) {
            let id: Id<()> = Id::from_bytes(document.get_object_id("_id").unwrap().bytes());
            for text in fields.iter().filter_map(|field| document.get_str(field).ok()) {
                // Three words of each text find it, among others.
                let words: Vec<&str> = text.split_whitespace().take(3).collect();
                let query = query(index, &words.join(" "));
                let found = store.search(&query, &page).await.unwrap();
                let complete = found.next_cursor.is_some() || found.items.iter().any(|hit| hit.key.id == id);
                assert!(complete, "{name} {id}: {words:?}");
            }
        }
    }
    let public = |document: &Document| document.get_str("visibility").unwrap() == "public";
    let stranger = SearchScope::Of(Id::from_bytes([9; 12]));
    let visible = SearchQuery::new(SearchIndex::Posts, stranger, "fundi").unwrap();
    for hit in store.search(&visible, &page).await.unwrap().items {
        let post = legacy("posts")
            .into_iter()
            .find(|post| post.get_object_id("_id").is_ok_and(|id| id.bytes() == hit.key.id.to_bytes()));
        assert!(public(&post.unwrap()), "{}", hit.title);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_newer_versions_survive_a_rebuild() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    store.prepare().await.unwrap();
    let id: Id<User> = Id::from_bytes(legacy("users")[0].get_object_id("_id").unwrap().bytes());
    let user: Stored<User> = store.load(id).await.unwrap().unwrap();
    let texts = user.searchable().unwrap();
    let key = SearchKey { index: SearchIndex::Users, id: id.cast() };
    let finds = async |text: &str| {
        let query = SearchQuery::new(SearchIndex::Users, SearchScope::All, text).unwrap();
        store.search(&query, &PageRequest::default()).await.unwrap().items.len()
    };
    let put = |title: &'static str, version| {
        let renamed = Searchable { texts: vec![("firstName", title.into())], ..texts.clone() };
        let search = vec![SearchChange { key, version, entry: Some(renamed.entry()) }];
        ChangeSet { search, ..ChangeSet::new() }
    };
    // As if a commit of the next version came between reading the document and writing its entry.
    let _ = store.commit(put("Overtaking", user.version.next())).await.unwrap();
    store.rebuild_search(std::sync::Arc::default()).await.unwrap();
    assert_eq!(finds("overtaking").await, 1);
    let removed = SearchChange { key, version: user.version.next().next(), entry: None };
    let _ = store.commit(ChangeSet { search: vec![removed], ..ChangeSet::new() }).await.unwrap();
    store.rebuild_search(std::sync::Arc::default()).await.unwrap();
    assert_eq!(finds("overtaking").await, 0);
    // What another program has changed is found after the index is built again.
    let users = store.database().collection::<Document>("users");
    let other = legacy("users")[1].get_object_id("_id").unwrap();
    users.update_one(doc! { "_id": other }, doc! { "$set": { "firstName": "Zawadiniko" } }).await.unwrap();
    assert_eq!(finds("zawadiniko").await, 0);
    let built = store.rebuild_search(std::sync::Arc::default()).await.unwrap();
    assert_eq!((finds("zawadiniko").await, built > 100), (1, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn database_of_an_earlier_version_is_indexed_while_it_serves() {
    let store = support::store().await;
    let customer = build::customer(1);
    let _ = store.commit(ChangeSet::new().write(Put::new(customer.clone()))).await.unwrap();
    let query = SearchQuery::new(SearchIndex::Users, SearchScope::All, customer.first_name.as_str()).unwrap();
    // An earlier version has prepared it, and knows no search.
    let marks = store.database().collection::<Document>("migrations");
    marks.delete_one(doc! { "_id": "prepareSearch" }).await.unwrap();
    let upgraded = MongoStore::open(store.database().clone()).await.unwrap();
    let refused = upgraded.search(&query, &PageRequest::default()).await;
    assert!(matches!(refused, Err(StoreError::NotPrepared(_))), "{refused:?}");
    let _ = upgraded.commit(ChangeSet::new().write(Put::new(build::customer(2)))).await.unwrap();
    let report = upgraded.prepare().await.unwrap();
    assert_eq!((report.already, report.searchable, report.users), (false, 2, 0));
    assert!(!upgraded.search(&query, &PageRequest::default()).await.unwrap().items.is_empty());
    assert!(upgraded.prepare().await.unwrap().already);
}
