//! Counters of aggregates. Each is spread over a fixed number of documents, whose sum is the value: two
//! transactions that update the same document conflict, and many writers of one counter would mostly retry.

use std::collections::HashMap;

use async_trait::async_trait;
use baitech_core::store::{CounterDelta, CounterKey, CounterReader, StoreError};
use bson::{Document, doc};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_with::serde_as;

use crate::MongoStore;
use crate::server_error::unavailable;
use crate::value::Whole;

pub(crate) const COLLECTION: &str = "counts";

/// The number of documents of one counter. Changing it to a larger number needs no migration; a smaller one
/// would lose the counts of the removed documents.
const SHARDS: u32 = 32;

#[serde_as]
#[derive(Debug, Deserialize)]
struct CountDocument {
    #[serde(rename = "_id")]
    id: String,
    #[serde_as(as = "Whole")]
    value: i64,
}

fn id_of(key: CounterKey, shard: u32) -> String {
    format!("{key}:{shard}")
}

/// The update that adds a delta to a random one of a counter's documents. Each attempt of a transaction asks
/// for another one.
pub(crate) fn update(delta: &CounterDelta) -> Document {
    let id = id_of(delta.key, fastrand::u32(..SHARDS));
    doc! { "q": { "_id": id }, "u": { "$inc": { "value": delta.by } }, "upsert": true }
}

#[async_trait]
impl CounterReader for MongoStore {
    async fn read_counters(&self, keys: &[CounterKey]) -> Result<Vec<i64>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> =
            keys.iter().flat_map(|key| (0..SHARDS).map(|shard| id_of(*key, shard))).collect();
        let counts = self.database().collection::<CountDocument>(COLLECTION);
        let found = counts.find(doc! { "_id": { "$in": ids } }).await.map_err(unavailable)?;
        let found: Vec<CountDocument> = found.try_collect().await.map_err(unavailable)?;
        let mut sums: HashMap<&str, i64> = HashMap::new();
        for CountDocument { id, value } in &found {
            let (key, _shard) = id.rsplit_once(':').unwrap_or_default();
            let sum = sums.entry(key).or_default();
            *sum = sum.saturating_add(*value);
        }
        let sum = |key: &CounterKey| sums.get(key.to_string().as_str()).copied().unwrap_or_default();
        Ok(keys.iter().map(sum).collect())
    }
}
