//! Indexes on a real server: created once, compared, and never replaced automatically.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use baitech_mongo::testing::TestServer;
use baitech_mongo::{IndexDifference, MongoStore, connect, ensure_indexes, index_report};
use bson::{Bson, Document, doc};
use mongodb::{Database, IndexModel};

async fn database() -> Database {
    let server = TestServer::shared().await.unwrap();
    connect(&server.uri_of(&server.database_name())).await.unwrap()
}

async fn names(database: &Database, collection: &str) -> Vec<String> {
    database.collection::<Document>(collection).list_index_names().await.unwrap()
}

#[tokio::test]
async fn missing_indexes_are_created_with_mongoose_names() {
    let database = database().await;
    let missing = index_report(&database).await.unwrap().differences;
    assert!(missing.iter().all(|found| matches!(found, IndexDifference::Missing { .. })), "{missing:?}");
    assert!(missing.len() >= 14, "{missing:?}");

    assert_eq!(ensure_indexes(&database).await.unwrap(), []);
    assert_eq!(index_report(&database).await.unwrap().differences, []);
    let users = names(&database, "users").await;
    for name in ["email_1", "phoneNumber_1", "location_2dsphere", "role_1_status_1_rating.average_-1"] {
        assert!(users.iter().any(|found| found == name), "{name} in {users:?}");
    }
    let bookings = names(&database, "bookings").await;
    for name in ["bookingNumber_1", "technician_1_status_1_createdAt_-1", "dueAt_1"] {
        assert!(bookings.iter().any(|found| found == name), "{name} in {bookings:?}");
    }
}

#[tokio::test]
async fn repeated_and_concurrent_creation_has_the_same_result() {
    let database = database().await;
    let (one, other) = tokio::join!(ensure_indexes(&database), ensure_indexes(&database));
    assert_eq!((one.unwrap(), other.unwrap()), (vec![], vec![]));
    assert_eq!(ensure_indexes(&database).await.unwrap(), []);
}

#[tokio::test]
async fn conflicting_index_is_reported_and_kept() {
    let database = database().await;
    let plain = IndexModel::builder().keys(doc! { "email": 1 }).build();
    let users = database.collection::<Document>("users");
    users.create_index(plain).await.unwrap();

    let differences = ensure_indexes(&database).await.unwrap();
    let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(differences.len(), 1, "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("unique is false but should be true")), "{texts:?}");
    let names = names(&database, "users").await;
    assert!(names.contains(&"phoneNumber_1".to_owned()), "{names:?}");
}

#[tokio::test]
async fn text_index_of_the_earlier_application_is_left_alone() {
    let database = database().await;
    let text = IndexModel::builder().keys(doc! { "firstName": "text", "bio": "text" }).build();
    database.collection::<Document>("users").create_index(text).await.unwrap();
    assert_eq!(ensure_indexes(&database).await.unwrap(), []);
    let index = "firstName_text_bio_text".to_owned();
    let unused = IndexDifference::Unused { collection: "users".to_owned(), index };
    assert_eq!(index_report(&database).await.unwrap().differences, [unused]);
}

#[tokio::test]
async fn unknown_unused_index_is_reported() {
    let database = database().await;
    ensure_indexes(&database).await.unwrap();
    let strange = IndexModel::builder().keys(doc! { "shoeSize": 1 }).build();
    database.collection::<Document>("users").create_index(strange).await.unwrap();
    let unused = IndexDifference::Unused { collection: "users".to_owned(), index: "shoeSize_1".to_owned() };
    assert_eq!(index_report(&database).await.unwrap().differences, [unused]);
}

#[tokio::test]
async fn data_that_breaks_one_index_does_not_block_the_others() {
    let database = database().await;
    let twins =
        [doc! { "email": "a@b.co", "phoneNumber": "1" }, doc! { "email": "a@b.co", "phoneNumber": "2" }];
    database.collection::<Document>("users").insert_many(twins).await.unwrap();
    let store = MongoStore::open(database.clone()).await.unwrap();
    let names = names(&database, "users").await;
    assert!(
        names.contains(&"phoneNumber_1".to_owned()) && names.contains(&"dueAt_1".to_owned()),
        "{names:?}"
    );
    let differences = store.index_report().await.unwrap().differences;
    let [IndexDifference::Refused { collection, index, reason }] = differences.as_slice() else {
        panic!("{differences:?}")
    };
    assert_eq!((collection.as_str(), index.as_str()), ("users", "email_1"));
    assert!(reason.contains("duplicate key"), "{reason}");
}

#[tokio::test]
async fn several_users_may_have_a_missing_or_null_username() {
    let database = database().await;
    let unnamed = |n: i32| doc! { "email": n.to_string(), "phoneNumber": n.to_string() };
    let mut users: Vec<Document> = (0..4).map(unnamed).collect();
    users.iter_mut().skip(2).for_each(|user| drop(user.insert("username", Bson::Null)));
    database.collection::<Document>("users").insert_many(users).await.unwrap();
    assert_eq!(ensure_indexes(&database).await.unwrap(), []);
    let named = |n: i32| {
        let mut user = unnamed(n);
        user.insert("username", "wanjiru");
        user
    };
    database.collection::<Document>("users").insert_one(named(5)).await.unwrap();
    database.collection::<Document>("users").insert_one(named(6)).await.unwrap_err();
}
