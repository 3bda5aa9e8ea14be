//! Several updates in one command.

use bson::{Document, doc};
use mongodb::ClientSession;
use serde::Deserialize;
use serde_with::serde_as;

use crate::MongoStore;
use crate::server_error::DUPLICATE_KEY;
use crate::value::Whole;
use mongodb::error::Error;

/// The server's answer to an `update`.
#[serde_as]
#[derive(Debug, Deserialize)]
struct Answer {
    /// The number of documents that were matched or inserted.
    #[serde_as(as = "Whole")]
    n: u64,
    #[serde(default, rename = "writeErrors")]
    errors: Vec<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: i32,
    #[serde(default, rename = "errmsg")]
    message: String,
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
    match answer.errors.first() {
        Some(refusal) if refusal.code == DUPLICATE_KEY => Ok(false),
        Some(refusal) => Err(Error::custom(refusal.message.clone())),
        None => Ok(answer.n >= u64::try_from(updates.len()).unwrap_or(u64::MAX)),
    }
}
