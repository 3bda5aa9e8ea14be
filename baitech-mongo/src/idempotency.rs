//! Records of answered requests, stored with the claims: the request that was answered first holds the key.

use baitech_core::store::{Fingerprint, Idempotency, IdempotencyKey, StoreError};
use bson::spec::BinarySubtype;
use bson::{Binary, Document, RawDocumentBuf, doc};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{serde_as, skip_serializing_none};

use crate::MongoStore;
use crate::claims::COLLECTION;
use crate::server_error::unavailable;
use crate::value::Millis;

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdempotencyDocument {
    /// A document, and therefore never equal to the key of a claim, which is a string.
    #[serde(rename = "_id")]
    id: RequestKey,
    fingerprint: Binary,
    answer: Binary,
    /// The server removes the record after this.
    #[serde_as(as = "Option<Millis>")]
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RequestKey {
    scope: String,
    key: String,
}

/// The stored form of a record.
pub(crate) fn encode(record: Idempotency) -> Result<RawDocumentBuf, bson::error::Error> {
    let Idempotency { scope, key, fingerprint, answer, expires_at } = record;
    let document = IdempotencyDocument {
        id: RequestKey { scope, key: key.as_str().to_owned() },
        fingerprint: binary(fingerprint.to_bytes().to_vec()),
        answer: binary(answer),
        expires_at,
    };
    bson::serialize_to_raw_document_buf(&document)
}

fn binary(bytes: Vec<u8>) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes }
}

fn by_key(scope: &str, key: &IdempotencyKey) -> Document {
    doc! { "_id": { "scope": scope, "key": key.as_str() } }
}

impl MongoStore {
    pub(crate) async fn answer_to(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let records = self.database().collection::<IdempotencyDocument>(COLLECTION);
        match records.find_one(by_key(scope, key)).await.map_err(unavailable)? {
            None => Ok(None),
            Some(record) if record.fingerprint.bytes == fingerprint.to_bytes() => {
                Ok(Some(record.answer.bytes))
            }
            Some(_) => Err(StoreError::KeyReused),
        }
    }
}
