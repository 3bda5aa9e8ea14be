//! Databases as files.

use std::fs;
use std::path::{Path, PathBuf};

use baitech_core::store::{Load, Stored};
use baitech_core::testing::read_whole_log;
use baitech_core::{for_each_aggregate, kernel::Id};
use baitech_mongo::MongoStore;
use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use mongodb::Database;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A document and its collection. A fixture is a file of these in BSON, which keeps types and the order of
/// fields.
#[derive(Debug, Serialize, Deserialize)]
struct InCollection {
    collection: String,
    document: Document,
}

/// The database of a release.
pub(crate) struct Fixture {
    pub(crate) name: String,
    documents: Vec<InCollection>,
    /// What the release itself read from it.
    pub(crate) values: Value,
}

/// The folder with the fixtures of all releases.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/releases/fixtures"))
}

impl Fixture {
    pub(crate) fn all() -> Vec<Self> {
        let mut names: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names.iter().map(|folder| Self::read(folder)).collect()
    }

    pub(crate) fn read(folder: &Path) -> Self {
        let bytes = fs::read(folder.join("database.bson")).unwrap();
        let mut rest = bytes.as_slice();
        let mut documents = Vec::new();
        while !rest.is_empty() {
            documents.push(bson::deserialize_from_reader(&mut rest).unwrap());
        }
        let values = fs::read_to_string(folder.join("values.json")).unwrap();
        Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            documents,
            values: serde_json::from_str(&values).unwrap(),
        }
    }

    pub(crate) async fn restore(&self, database: &Database) {
        for InCollection { collection, document } in &self.documents {
            database.collection::<Document>(collection).insert_one(document).await.unwrap();
        }
    }

    pub(crate) async fn write(store: &MongoStore, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        // The values first: reading the log numbers the last events, which the documents still have without.
        let documents = documents(store).await;
        let file: Vec<u8> = documents.iter().flat_map(|one| bson::serialize_to_vec(one).unwrap()).collect();
        fs::write(folder.join("database.bson"), file).unwrap();
        let values = serde_json::to_string_pretty(&values(store).await).unwrap();
        fs::write(folder.join("values.json"), values + "\n").unwrap();
    }
}

/// All documents, by collection and id.
async fn documents(store: &MongoStore) -> Vec<InCollection> {
    let mut names = store.database().list_collection_names().await.unwrap();
    names.sort();
    let mut documents = Vec::new();
    for name in names {
        let collection = store.database().collection::<Document>(&name);
        let found = collection.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        let found: Vec<Document> = found.try_collect().await.unwrap();
        documents
            .extend(found.into_iter().map(|document| InCollection { collection: name.clone(), document }));
    }
    documents
}

/// Everything that a store reads: all aggregates and all events.
pub(crate) async fn values(store: &MongoStore) -> Value {
    let mut values = json!({});
    for InCollection { collection, document } in documents(store).await {
        let Some(Bson::ObjectId(id)) = document.get("_id").cloned() else { continue };
        if let Some(value) = value(store, &collection, id.bytes()).await {
            values[&collection][id.to_hex()] = value;
        }
    }
    let log = read_whole_log(store).await;
    values["events"] = log.iter().map(|entry| json!(entry.event.as_ref().unwrap())).collect();
    values
}

/// An aggregate, if the collection has some.
async fn value(store: &MongoStore, collection: &str, id: [u8; 12]) -> Option<Value> {
    macro_rules! load {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            match collection {
                $(_ if collection == stringify!($list).replace('_', "") => {
                    let found: Stored<$Type> = store.load(Id::from_bytes(id)).await.unwrap().unwrap();
                    Some(json!({ "version": found.version, "value": *found.value }))
                })+
                _ => None,
            }
        };
    }
    for_each_aggregate!(load)
}
