//! Which servers the store accepts, and what it tells about those it does not.

use baitech_mongo::testing::TestServer;
use baitech_mongo::{ConnectError, connect};
use bson::doc;
use mongodb::options::Acknowledgment;

#[tokio::test]
async fn a_replica_set_is_accepted_with_majority_writes() {
    let server = TestServer::shared().await.unwrap();
    let database = connect(&server.uri_of("accepted")).await.unwrap();
    assert_eq!(database.name(), "accepted");
    assert_eq!(database.write_concern().unwrap().w, Some(Acknowledgment::Majority));
    database.run_command(doc! { "ping": 1 }).await.unwrap();
}

#[tokio::test]
async fn without_a_database_in_the_string_it_is_baitech() {
    let server = TestServer::shared().await.unwrap();
    assert_eq!(connect(server.uri()).await.unwrap().name(), "baitech");
}

#[tokio::test]
async fn a_standalone_server_is_refused_with_the_way_out() {
    let server = TestServer::start_standalone().await.unwrap();
    let named = format!("{}?replicaSet=rs0&serverSelectionTimeoutMS=500", server.uri());
    for uri in [server.uri(), &named] {
        let error = connect(uri).await.unwrap_err();
        assert!(matches!(error, ConnectError::Standalone { .. }), "{error}");
        let text = error.to_string();
        for hint in ["--replSet rs0", "rs.initiate()", "127.0.0.1"] {
            assert!(text.contains(hint), "{text}");
        }
    }
}

#[tokio::test]
async fn a_set_that_was_never_initiated_is_named_as_such() {
    let server = TestServer::start_uninitiated().await.unwrap();
    let error = connect(&format!("{}?serverSelectionTimeoutMS=500", server.uri())).await.unwrap_err();
    assert!(matches!(error, ConnectError::NotInitiated { .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_no_secret_is_told() {
    let uri = "mongodb://someone:s3cret@127.0.0.1:1/?serverSelectionTimeoutMS=200";
    let error = connect(uri).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_malformed_string_is_refused_without_repeating_it() {
    let error = connect("postgres://someone:s3cret@localhost/x").await.unwrap_err();
    assert!(matches!(error, ConnectError::InvalidUri(_)), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}
