//! What a newer release writes while this one is still running.

use baitech_core::account::{User, UserFilter, UserRepository};
use baitech_core::kernel::PageRequest;
use baitech_core::store::{ChangeSet, Commit, Load, Put, StoreError, Stored};
use baitech_core::testing::{build, read_whole_log};
use bson::{Document, doc, oid::ObjectId};

use crate::scenario::{self, Story};
use crate::support;

async fn load(store: &baitech_mongo::MongoStore, n: u64) -> Result<Option<Stored<User>>, StoreError> {
    store.load(build::customer(n).id).await
}

#[tokio::test]
async fn a_document_of_a_newer_format_is_refused_and_stays_as_it_is() {
    let store = support::store().await;
    for n in 1..=3 {
        let _ = store.commit(ChangeSet::new().write(Put::new(build::customer(n)))).await.unwrap();
    }
    let users = store.database().collection::<Document>("users");
    let newer = doc! { "_id": ObjectId::from_bytes(build::customer(2).id.to_bytes()) };
    let seen = load(&store, 2).await.unwrap().unwrap();
    users
        .update_one(newer.clone(), doc! { "$set": { "formatVersion": 2, "firstName": ["Amina"] } })
        .await
        .unwrap();
    let before = users.find_one(newer.clone()).await.unwrap();

    let refused = load(&store, 2).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { collection: "users", .. }), "{refused:?}");
    assert!(refused.to_string().contains("formatVersion: 2 is newer than 1"), "{refused}");
    let listed = store.list_users(UserFilter::default(), &PageRequest::default()).await.unwrap().items;
    assert_eq!(listed.len(), 2, "the others are listed");
    assert_eq!(users.find_one(newer.clone()).await.unwrap(), before);

    // A value that was read before is not written over it: a release that changes the format raises the
    // version.
    users.update_one(newer.clone(), doc! { "$inc": { "__v": 1 } }).await.unwrap();
    let before = users.find_one(newer.clone()).await.unwrap();
    let stale = ChangeSet::new().write(Put::over(&seen, seen.value.clone()));
    assert!(matches!(store.commit(stale).await, Err(StoreError::Conflict(_))));
    assert_eq!(users.find_one(newer).await.unwrap(), before);
}

#[tokio::test]
async fn fields_that_a_newer_release_adds_survive_every_write() {
    let store = support::store().await;
    let _ = store.commit(ChangeSet::new().write(Put::new(build::customer(1)))).await.unwrap();
    let users = store.database().collection::<Document>("users");
    users.update_one(doc! {}, doc! { "$set": { "loyalty": { "points": 7 } } }).await.unwrap();
    for origin in [true, false] {
        let mut seen = load(&store, 1).await.unwrap().unwrap();
        if !origin {
            // As a value from a list, which keeps no document.
            seen = store
                .list_users(UserFilter::default(), &PageRequest::default())
                .await
                .unwrap()
                .items
                .remove(0);
        }
        let mut record = (*seen.value).clone();
        record.bio = Some(baitech_core::kernel::Text::from_stored(if origin { "first" } else { "second" }));
        let write = ChangeSet::new().write(Put::over(&seen, User::from_record(record)));
        let _ = store.commit(write).await.unwrap();
        let stored = users.find_one(doc! {}).await.unwrap().unwrap();
        assert_eq!(stored.get_document("loyalty").unwrap(), &doc! { "points": 7 });
        assert_eq!(stored.get_str("bio").unwrap(), if origin { "first" } else { "second" });
        assert_eq!(stored.get_i32("formatVersion").unwrap(), 1);
    }
}

#[tokio::test]
async fn events_of_a_newer_release_are_numbered_and_parked_and_the_rest_goes_on() {
    let store = support::store().await;
    scenario::fill(&store).await;
    let story = Story::on(&store);
    let events = store.database().collection::<Document>("events");
    let known = events.find_one(doc! { "name": "booking.created" }).await.unwrap().unwrap();
    for (name, format, version) in [("post.liked", 1, 900), ("booking.created", 2, 901)] {
        let mut newer = known.clone();
        newer.remove("seq");
        newer.extend(doc! {
            "_id": ObjectId::new(), "commit": ObjectId::new(), "name": name, "formatVersion": format, "pending": true,
            "version": version,
        });
        events.insert_one(newer).await.unwrap();
    }
    let log = read_whole_log(&store).await;
    let unreadable: Vec<String> =
        log.iter().filter_map(|entry| entry.event.as_ref().err()).map(ToString::to_string).collect();
    assert_eq!(unreadable.len(), 2, "{unreadable:?}");
    assert!(unreadable.iter().any(|reason| reason.contains("no event `post.liked`")), "{unreadable:?}");
    assert!(unreadable.iter().any(|reason| reason.contains("format 2")), "{unreadable:?}");
    let run = story.consume().await;
    assert_eq!((run.parked, run.handled), (2, log.len() - scenario::CONSUMED - 2), "{run:?}");
}
