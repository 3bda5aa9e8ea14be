//! Claims: unique keys with one holder. The key is the `_id`, so the database itself enforces uniqueness.

use async_trait::async_trait;
use baitech_core::store::{Claim, ClaimKey, Claims, StoreError};
use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::error::Error;
use serde::{Deserialize, Serialize};
use serde_with::serde_as;

use crate::MongoStore;
use crate::aggregate_ref::StoredRef;
use crate::server_error::unavailable;
use crate::value::AsText;

pub(crate) const COLLECTION: &str = "claims";

/// The number of keys in one query: a command must not exceed the server's size limit.
const KEYS_AT_ONCE: usize = 1_000;

#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct ClaimDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "AsText")]
    key: ClaimKey,
    holder: StoredRef,
}

/// The stored form of a claim.
pub(crate) fn encode(claim: &Claim) -> Result<RawDocumentBuf, bson::error::Error> {
    let document = ClaimDocument { key: claim.key.clone(), holder: claim.holder.into() };
    bson::serialize_to_raw_document_buf(&document)
}

/// Matches those of the keys that belong to this holder.
pub(crate) fn held_by(holder: StoredRef, keys: &[ClaimKey]) -> Document {
    doc! { "_id": { "$in": texts(keys) }, "holder": holder }
}

/// The claim on a key, if it is held.
pub(crate) async fn find(database: &Database, key: &ClaimKey) -> Result<Option<Claim>, Error> {
    let claims = database.collection::<ClaimDocument>(COLLECTION);
    Ok(claims.find_one(doc! { "_id": key.as_str() }).await?.map(Claim::from))
}

impl From<ClaimDocument> for Claim {
    fn from(ClaimDocument { key, holder }: ClaimDocument) -> Self {
        Self { key, holder: holder.into() }
    }
}

#[async_trait]
impl Claims for MongoStore {
    async fn held(&self, keys: &[ClaimKey]) -> Result<Vec<Claim>, StoreError> {
        let mut keys = keys.to_vec();
        keys.sort();
        keys.dedup();
        let claims = self.database().collection::<ClaimDocument>(COLLECTION);
        let mut held = Vec::new();
        for some in keys.chunks(KEYS_AT_ONCE) {
            let found = claims.find(doc! { "_id": { "$in": texts(some) } }).sort(doc! { "_id": 1 }).await;
            let documents: Vec<ClaimDocument> =
                found.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
            held.extend(documents.into_iter().map(Claim::from));
        }
        Ok(held)
    }
}

fn texts(keys: &[ClaimKey]) -> Vec<Bson> {
    keys.iter().map(|key| Bson::from(key.as_str())).collect()
}
