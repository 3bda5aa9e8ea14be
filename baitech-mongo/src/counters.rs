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
        // Two callers may both find the series missing; the one who comes second finds it there the next
        // time.
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
    /// The driver retries this once where the connection breaks, and the server then applies it once.
    async fn increment(&self, series: &str) -> Result<Option<Document>, Error> {
        let counters = self.database().collection::<Document>(COLLECTION);
        let update = doc! { "$inc": { "value": 1_i64 } };
        let updated = counters.find_one_and_update(doc! { "_id": series }, update).upsert(true);
        updated.return_document(ReturnDocument::After).await
    }
}

/// Makes a series go on above a number, if it does not already.
pub(crate) async fn raise(database: &mongodb::Database, series: &str, above: i64) -> Result<(), Error> {
    let counters = database.collection::<Document>(COLLECTION);
    let update = doc! { "$max": { "value": whole_to_bson(above) } };
    counters.update_one(doc! { "_id": series }, update).upsert(true).await.map(drop)
}
