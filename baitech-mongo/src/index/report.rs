//! Compares the indexes of a database with those that it should have.

use std::fmt;

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::error::Error;
use mongodb::{Database, IndexModel};

use super::collections;
use super::definition::name_of;
use super::shape::Shape;
use crate::server_error::server_code;

const NAMESPACE_NOT_FOUND: i32 = 26;

/// A difference between an existing index and its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexDifference {
    /// It is missing: [`ensure_indexes`](super::ensure_indexes) creates it.
    Missing {
        /// The collection's name.
        collection: String,
        /// The index's name.
        index: String,
    },
    /// It exists under the same name or with the same keys, but with other options. It is not replaced
    /// automatically.
    Differs {
        /// The collection's name.
        collection: String,
        /// The name of the defined index.
        index: String,
        /// The name of the existing index.
        existing: String,
        /// The options that differ.
        reason: String,
    },
    /// It is missing and the server refuses to build it, for example a unique index over duplicates.
    /// Everything else works, but the index's constraint is not enforced.
    Refused {
        /// The collection's name.
        collection: String,
        /// The index's name.
        index: String,
        /// The server's message.
        reason: String,
    },
    /// It exists, but is not in the definitions and was not used since the server started.
    Unused {
        /// The collection's name.
        collection: String,
        /// The index's name.
        index: String,
    },
}

impl IndexDifference {
    /// Whether this explains why the other index is missing.
    pub(crate) fn explains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Refused { collection, index, .. }, Self::Missing { collection: of, index: missing }) => {
                collection == of && index == missing
            }
            _ => false,
        }
    }
}

impl fmt::Display for IndexDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { collection, index } => write!(f, "{collection}.{index} is missing"),
            Self::Differs { collection, index, existing, reason } => {
                write!(f, "{collection}.{index} cannot be created because of {existing}: {reason}")
            }
            Self::Refused { collection, index, reason } => {
                write!(f, "{collection}.{index} is missing and cannot be built: {reason}")
            }
            Self::Unused { collection, index } => {
                write!(
                    f,
                    "{collection}.{index} is not an index of the store and is unused since the server started"
                )
            }
        }
    }
}

/// The state of a database's indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexReport {
    /// In the order of the collections; empty if there are none.
    pub differences: Vec<IndexDifference>,
}

/// Compares the indexes of a database with the store's definitions, and lists unused ones. Changes nothing.
///
/// # Errors
///
/// The server's error.
pub async fn index_report(database: &Database) -> Result<IndexReport, Error> {
    let mut differences = Vec::new();
    for collection in collections() {
        let existing = Existing::of(database, collection.name).await?;
        let wanted = collection.indexes.iter();
        differences.extend(wanted.filter_map(|index| difference(collection.name, &existing, index)));
        let known: Vec<&str> = collection.indexes.iter().map(name_of).collect();
        for index in existing.unused(database, collection.name).await? {
            if index != "_id_" && !known.contains(&index.as_str()) {
                differences.push(IndexDifference::Unused { collection: collection.name.to_owned(), index });
            }
        }
    }
    Ok(IndexReport { differences })
}

/// The indexes that a collection has, as the server lists them.
#[derive(Debug)]
pub(super) struct Existing(Vec<Document>);

impl Existing {
    pub(super) async fn of(database: &Database, collection: &str) -> Result<Self, Error> {
        let listed = database.run_cursor_command(doc! { "listIndexes": collection }).await;
        match listed {
            Ok(cursor) => Ok(Self(cursor.try_collect().await?)),
            // No collection, so no indexes.
            Err(error) if server_code(&error) == Some(NAMESPACE_NOT_FOUND) => Ok(Self(Vec::new())),
            Err(error) => Err(error),
        }
    }

    async fn unused(&self, database: &Database, collection: &str) -> Result<Vec<String>, Error> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let stages = [doc! { "$indexStats": {} }, doc! { "$match": { "accesses.ops": 0 } }];
        let stats = database.collection::<Document>(collection).aggregate(stages).await?;
        let unused: Vec<Document> = stats.try_collect().await?;
        Ok(unused.iter().filter_map(|stat| stat.get_str("name").ok().map(str::to_owned)).collect())
    }
}

/// How an index differs from the existing ones; `None` if it exists as defined.
pub(super) fn difference(
    collection: &str,
    existing: &Existing,
    wanted: &IndexModel,
) -> Option<IndexDifference> {
    let name = name_of(wanted);
    let wanted = Shape::of_model(wanted);
    let rival = existing.0.iter().find(|index| {
        let shape = Shape::of_listing(index);
        index.get_str("name").is_ok_and(|found| found == name) || shape.keys == wanted.keys
    });
    let (collection, index) = (collection.to_owned(), name.to_owned());
    let Some(rival) = rival else { return Some(IndexDifference::Missing { collection, index }) };
    let existing = rival.get_str("name").unwrap_or_default().to_owned();
    let reason = wanted.differs_from(&Shape::of_listing(rival))?;
    Some(IndexDifference::Differs { collection, index, existing, reason })
}
