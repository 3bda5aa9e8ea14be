//! Number series, one document each.

use async_trait::async_trait;
use baitech_core::store::{Counters, StoreError};
use bson::{Document, doc};
use mongodb::error::Error;
use mongodb::options::ReturnDocument;

use crate::MongoStore;
use crate::server_error::{duplicate_key, unavailable};
use crate::value::{decimal_from_bson, whole_to_bson};

pub(crate) const COLLECTION: &str = "counters";

#[async_trait]
impl Counters for MongoStore {
    async fn next(&self, series: &str) -> Result<u64, StoreError> {
        self.require_prepared().await?;
        let mut updated = self.increment(series).await;
        // Two callers may both find the series missing; the second one finds it in the next attempt.
        if updated.as_ref().is_err_and(|error| duplicate_key(error).is_some()) {
            updated = self.increment(series).await;
        }
        let number = updated.map_err(unavailable)?.and_then(|counter| {
            let value = decimal_from_bson(counter.get("value")?)?;
            u64::try_from(value).ok()
        });
        let reason = "its value is not a number".to_owned();
        number.ok_or(StoreError::Corrupt { collection: COLLECTION, id: series.to_owned(), reason })
    }
}

impl MongoStore {
    /// If the connection breaks, the driver retries this once, and the server applies it only once.
    async fn increment(&self, series: &str) -> Result<Option<Document>, Error> {
        let counters = self.database().collection::<Document>(COLLECTION);
        let update = doc! { "$inc": { "value": 1_i64 } };
        let updated = counters.find_one_and_update(doc! { "_id": series }, update).upsert(true);
        updated.return_document(ReturnDocument::After).await
    }
}

/// Raises a series to at least a number.
pub(crate) async fn raise(database: &mongodb::Database, series: &str, above: i64) -> Result<(), Error> {
    let counters = database.collection::<Document>(COLLECTION);
    let update = doc! { "$max": { "value": whole_to_bson(above) } };
    counters.update_one(doc! { "_id": series }, update).upsert(true).await.map(drop)
}
