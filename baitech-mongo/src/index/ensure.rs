//! Creating what is missing.

use mongodb::Database;
use mongodb::error::Error;

use super::collections;
use super::definition::Collection;
use super::report::{Existing, IndexDifference, difference};
use crate::server_error::server_code;

const NAMESPACE_EXISTS: i32 = 48;

/// Why an index could not be created.
#[derive(Debug, thiserror::Error)]
#[error("creating the indexes of `{collection}`: {source}")]
pub struct EnsureIndexesError {
    collection: &'static str,
    source: Error,
}

/// Creates the collections and indexes that are missing, and returns those that exist in another form: they are left as
/// they are, because dropping an index of a live database is a person's decision.
///
/// Safe to run twice, and by several processes at once.
///
/// # Errors
///
/// [`EnsureIndexesError`] where the server refuses, as it does when stored documents break a unique index.
pub async fn ensure_indexes(database: &Database) -> Result<Vec<IndexDifference>, EnsureIndexesError> {
    let mut differences = Vec::new();
    for collection in collections() {
        let name = collection.name;
        let found = ensure(database, collection).await;
        differences.extend(found.map_err(|source| EnsureIndexesError { collection: name, source })?);
    }
    Ok(differences)
}

async fn ensure(database: &Database, collection: Collection) -> Result<Vec<IndexDifference>, Error> {
    create_collection(database, collection.name).await?;
    let existing = Existing::of(database, collection.name).await?;
    let mut differences = Vec::new();
    let mut missing = Vec::new();
    for index in collection.indexes {
        match difference(collection.name, &existing, &index) {
            Some(IndexDifference::Missing { .. }) => missing.push(index),
            Some(other) => differences.push(other),
            None => {}
        }
    }
    if !missing.is_empty() {
        database.collection::<bson::Document>(collection.name).create_indexes(missing).await?;
    }
    Ok(differences)
}

/// Collections are created ahead, because one that first appears inside a transaction makes rivals conflict.
async fn create_collection(database: &Database, name: &str) -> Result<(), Error> {
    match database.create_collection(name).await {
        Err(error) if server_code(&error) == Some(NAMESPACE_EXISTS) => Ok(()),
        outcome => outcome,
    }
}
