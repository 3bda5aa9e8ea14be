//! The servers that the store accepts, and the errors for the others.

use baitech_core::store::{ChangeSet, Commit, Committed, Put};
use baitech_core::testing::build;
use baitech_mongo::testing::TestServer;
use baitech_mongo::{ConnectError, MongoStore, connect};
use bson::doc;
use mongodb::options::{Acknowledgment, ReadConcern, ReadPreference, SelectionCriteria};

#[tokio::test]
async fn a_replica_set_is_accepted_with_majority_writes() {
    let server = TestServer::shared().await.unwrap();
    let database = connect(&server.uri_of("accepted")).await.unwrap();
    assert_eq!(database.name(), "accepted");
    assert_eq!(database.write_concern().unwrap().w, Some(Acknowledgment::Majority));
    database.run_command(doc! { "ping": 1 }).await.unwrap();
}

#[tokio::test]
async fn reads_use_the_primary_and_majority_regardless_of_the_uri() {
    let server = TestServer::shared().await.unwrap();
    let uri = server.uri_of(&server.database_name());
    let mark = if uri.contains('?') { '&' } else { '?' };
    let uri = format!("{uri}{mark}readPreference=secondary&readConcernLevel=local&w=1");
    let opened = MongoStore::connect(&uri).await.unwrap();
    // A connection that the embedder has made.
    let client = mongodb::Client::with_uri_str(&uri).await.unwrap();
    let own = MongoStore::open(client.database(&server.database_name())).await.unwrap();
    for (n, store) in [(1, opened), (2, own)] {
        let database = store.database();
        assert_eq!(database.read_concern(), Some(&ReadConcern::majority()));
        assert_eq!(
            database.selection_criteria(),
            Some(&SelectionCriteria::ReadPreference(ReadPreference::Primary))
        );
        assert_eq!(database.write_concern().unwrap().w, Some(Acknowledgment::Majority));
        let (one, other) = (build::customer(2 * n), build::customer(2 * n + 1));
        let both = ChangeSet::new().write(Put::new(one)).write(Put::new(other));
        assert_eq!(store.commit(both).await.unwrap(), Committed::Applied, "in a transaction");
    }
}

#[tokio::test]
async fn uri_without_a_database_uses_baitech() {
    let server = TestServer::shared().await.unwrap();
    assert_eq!(connect(server.uri()).await.unwrap().name(), "baitech");
}

#[tokio::test]
async fn standalone_server_is_refused_with_instructions() {
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
async fn uninitiated_replica_set_is_reported() {
    let server = TestServer::start_uninitiated().await.unwrap();
    let error = connect(&format!("{}?serverSelectionTimeoutMS=500", server.uri())).await.unwrap_err();
    assert!(matches!(error, ConnectError::NotInitiated { .. }), "{error}");
}

#[tokio::test]
async fn unreachable_server_is_reported_without_secrets() {
    let uri = "mongodb://someone:s3cret@127.0.0.1:1/?serverSelectionTimeoutMS=200";
    let error = connect(uri).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn malformed_uri_is_refused_without_repeating_it() {
    let error = connect("postgres://someone:s3cret@localhost/x").await.unwrap_err();
    assert!(matches!(error, ConnectError::InvalidUri(_)), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn errors_contain_no_part_of_a_password() {
    let passwords = [
        "27017?s3cret",
        "27017/s3cret",
        "s3cret/27017",
        "27017#s3cret",
        "s3cret:27017",
        "s3cret@27017",
        "s3c%ret",
    ];
    for password in passwords {
        for scheme in ["mongodb", "mongodb+srv"] {
            let uri = format!("{scheme}://someone:{password}@127.0.0.1:1/x?serverSelectionTimeoutMS=100");
            let error = connect(&uri).await.unwrap_err();
            let text = format!("{error} {error:?}");
            for part in ["s3c", "27017", "ret@"] {
                assert!(!text.contains(part), "{password}: {text}");
            }
        }
    }
    let uri = "mongodb://someone:s3cret@127.0.0.1:1/?w=s3cret&maxPoolSize=s3cret";
    let error = connect(uri).await.unwrap_err();
    assert!(matches!(error, ConnectError::InvalidUri(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}
