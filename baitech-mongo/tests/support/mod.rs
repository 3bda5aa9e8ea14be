//! Helpers for the tests of the store.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

pub(crate) mod commit;
pub(crate) mod explain;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use baitech_mongo::testing::TestServer;
use baitech_mongo::{MongoStore, connect};
use bson::{Bson, Document};
use mongodb::Database;

/// A separate database on the shared server.
pub(crate) async fn database() -> Database {
    let server = TestServer::shared().await.unwrap();
    connect(&server.uri_of(&server.database_name())).await.unwrap()
}

/// A store on an empty database.
pub(crate) async fn store() -> MongoStore {
    MongoStore::open(database().await).await.unwrap()
}

/// The documents that the earlier application wrote: `users`, `bookings`, `transactions`.
pub(crate) fn legacy(collection: &str) -> Vec<Document> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/data/{collection}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let parse = |line| match Bson::try_from(serde_json::from_str::<serde_json::Value>(line).unwrap()).unwrap()
    {
        Bson::Document(document) => document,
        other => panic!("{other} is not a document"),
    };
    text.lines().map(parse).collect()
}

/// A database with all documents of the earlier application, as they are.
pub(crate) async fn legacy_database() -> Database {
    let database = database().await;
    for collection in ["users", "bookings", "transactions"] {
        database.collection::<Document>(collection).insert_many(legacy(collection)).await.unwrap();
    }
    database
}

/// Every value of a document with its path: `pricing.tax`, `skills.0.name`.
pub(crate) fn leaves(document: &Document) -> Vec<(String, Bson)> {
    let mut found = Vec::new();
    for (key, value) in document {
        walk(key.clone(), value, &mut found);
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn walk(path: String, value: &Bson, found: &mut Vec<(String, Bson)>) {
    match value {
        Bson::Document(inner) if !inner.is_empty() => {
            inner.iter().for_each(|(key, value)| walk(format!("{path}.{key}"), value, found));
        }
        Bson::Array(elements) if !elements.is_empty() => {
            elements.iter().enumerate().for_each(|(n, value)| walk(format!("{path}.{n}"), value, found));
        }
        leaf => found.push((path, leaf.clone())),
    }
}

/// The differences between two documents by path: before, after.
fn changes(before: &Document, after: &Document) -> BTreeMap<String, (Option<Bson>, Option<Bson>)> {
    let mut changes: BTreeMap<String, (Option<Bson>, Option<Bson>)> = BTreeMap::new();
    for (path, value) in leaves(before) {
        changes.entry(path).or_default().0 = Some(value);
    }
    for (path, value) in leaves(after) {
        changes.entry(path).or_default().1 = Some(value);
    }
    changes.retain(|_, (before, after)| before != after);
    changes
}

/// Asserts that only values under these paths have changed.
#[track_caller]
pub(crate) fn assert_changed(before: &Document, after: &Document, allowed: &[&str]) {
    for (path, (old, new)) in changes(before, after) {
        let is_allowed =
            allowed.iter().any(|prefix| path == *prefix || path.starts_with(&format!("{prefix}.")));
        assert!(is_allowed, "{path} was {old:?} and is {new:?}");
    }
}

/// The connection string of a database, for an application of this name.
pub(crate) fn uri_for(server: &TestServer, database: &str, app_name: &str) -> String {
    let uri = server.uri_of(database);
    let mark = if uri.contains('?') { '&' } else { '?' };
    // Frequent heartbeats, so that a test does not wait long for a restarted server.
    format!("{uri}{mark}appName={app_name}&heartbeatFrequencyMS=500&serverMonitoringMode=poll")
}
