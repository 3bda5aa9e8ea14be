//! Creates missing indexes.

use mongodb::error::{Error, RETRYABLE_WRITE_ERROR};
use mongodb::{Database, IndexModel};

use super::collections;
use super::definition::Collection;
use super::report::{Existing, IndexDifference, difference};
use crate::server_error::server_code;

const NAMESPACE_EXISTS: i32 = 48;

/// Why the indexes could not be checked or created.
#[derive(Debug, thiserror::Error)]
#[error("creating the indexes of `{collection}`: {source}")]
pub struct EnsureIndexesError {
    collection: &'static str,
    source: Error,
}

/// Creates missing collections and indexes, and returns those that exist in another form or that the stored
/// documents do not allow. Existing indexes are not changed, because a person has to decide on dropping an
/// index of a live database.
///
/// Safe to run twice, and by several processes at once.
///
/// # Errors
///
/// [`EnsureIndexesError`] if the server cannot be reached, or refuses another command than building an index.
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
    // One by one, so that a failure does not prevent the others.
    for index in collection.indexes {
        match difference(collection.name, &existing, &index) {
            Some(IndexDifference::Missing { collection, index: name }) => {
                let refused = create(database, &collection, index).await?;
                differences.extend(refused.map(|reason| IndexDifference::Refused {
                    collection,
                    index: name,
                    reason,
                }));
            }
            Some(other) => differences.push(other),
            None => {}
        }
    }
    Ok(differences)
}

/// Creates an index; returns the reason if the stored documents do not allow it.
async fn create(database: &Database, collection: &str, index: IndexModel) -> Result<Option<String>, Error> {
    match database.collection::<bson::Document>(collection).create_index(index).await {
        Ok(_) => Ok(None),
        Err(error) if server_code(&error).is_some() && !error.contains_label(RETRYABLE_WRITE_ERROR) => {
            Ok(Some(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// Collections are created in advance, because creating one inside a transaction makes concurrent
/// transactions conflict.
async fn create_collection(database: &Database, name: &str) -> Result<(), Error> {
    match database.create_collection(name).await {
        Err(error) if server_code(&error) == Some(NAMESPACE_EXISTS) => Ok(()),
        outcome => outcome,
    }
}
