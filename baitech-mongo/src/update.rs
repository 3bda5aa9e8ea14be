//! Several updates in one command.

use bson::{Document, doc};
use mongodb::error::Error;
use mongodb::{ClientSession, Database};
use serde::Deserialize;
use serde_with::serde_as;

use crate::MongoStore;
use crate::server_error::DUPLICATE_KEY;
use crate::value::Whole;

/// The server's answer to an `update`.
#[serde_as]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// The number of documents that were matched or inserted.
    #[serde_as(as = "Whole")]
    n: u64,
    #[serde(default)]
    write_errors: Vec<Refusal>,
    /// A majority may not have received the updates.
    #[serde(default)]
    write_concern_error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: i32,
    #[serde(default, rename = "errmsg")]
    message: String,
}

impl From<&Refusal> for Error {
    fn from(refusal: &Refusal) -> Self {
        Self::custom(refusal.message.clone())
    }
}

/// Sends updates of a collection as one command. Returns whether each of them matched or inserted a document:
/// none was missing, and no inserted document existed already.
pub(crate) async fn all(
    store: &MongoStore,
    collection: &str,
    updates: &[Document],
    session: &mut ClientSession,
) -> Result<bool, Error> {
    if updates.is_empty() {
        return Ok(true);
    }
    let command = doc! { "update": collection, "updates": updates.to_vec(), "ordered": true };
    let answer = store.database().run_command(command).session(session).await?;
    let answer: Answer = bson::deserialize_from_document(answer)?;
    match answer.write_errors.first() {
        Some(refusal) if refusal.code == DUPLICATE_KEY => Ok(false),
        Some(refusal) => Err(refusal.into()),
        None => Ok(answer.n >= u64::try_from(updates.len()).unwrap_or(u64::MAX)),
    }
}

/// Sends independent updates of a collection outside of a transaction. One that would insert an existing
/// document is left out.
pub(crate) async fn each(database: &Database, collection: &str, updates: &[Document]) -> Result<(), Error> {
    if updates.is_empty() {
        return Ok(());
    }
    let majority = doc! { "w": "majority" };
    let updates = updates.to_vec();
    let command =
        doc! { "update": collection, "updates": updates, "ordered": false, "writeConcern": majority };
    let answer: Answer = bson::deserialize_from_document(database.run_command(command).await?)?;
    let mut refusals = answer.write_errors.iter().chain(&answer.write_concern_error);
    refusals.find(|refusal| refusal.code != DUPLICATE_KEY).map_or(Ok(()), |refusal| Err(refusal.into()))
}
