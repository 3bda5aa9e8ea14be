//! The guarantees of the test server.

use baitech_mongo::connect;
use baitech_mongo::testing::{FailCommand, TestServer};
use bson::{Document, doc};

#[tokio::test]
async fn tests_share_one_server_and_no_database() {
    let (one, other) = (TestServer::shared().await.unwrap(), TestServer::shared().await.unwrap());
    assert_eq!(one.uri(), other.uri());
    assert_ne!(one.database_name(), other.database_name());
}

#[tokio::test]
async fn acknowledged_writes_survive_a_kill() {
    let mut server = TestServer::start().await.unwrap();
    let database = connect(&server.uri_of("kept")).await.unwrap();
    let notes = database.collection::<Document>("notes");
    notes.insert_one(doc! { "_id": 1 }).await.unwrap();
    server.kill();
    server.restart().await.unwrap();
    assert_eq!(notes.find_one(doc! {}).await.unwrap(), Some(doc! { "_id": 1 }));
}

#[tokio::test]
async fn a_fail_point_hits_only_the_application_it_names() {
    let server = TestServer::shared().await.unwrap();
    let name = server.database_name();
    let database = |app: &str| {
        let uri = server.uri_of(&name);
        let mark = if uri.contains('?') { '&' } else { '?' };
        let uri = format!("{uri}{mark}appName={app}");
        async move { connect(&uri).await.unwrap() }
    };
    let (hit, spared) = (database("hit").await, database("spared").await);
    let fault = FailCommand::of(&["count", "aggregate"], "hit").with_code(8000, &[]);
    fault.arm(spared.client(), 1).await.unwrap();
    let count = async |database: &mongodb::Database| {
        database.collection::<Document>("notes").count_documents(doc! {}).await
    };
    assert_eq!(count(&spared).await.unwrap(), 0);
    assert!(count(&hit).await.is_err());
    assert_eq!(count(&hit).await.unwrap(), 0);
}
