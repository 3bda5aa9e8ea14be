use bson::doc;

use super::definition::{Collection, expiring, index};

/// Unique keys held for a while, the key being the `_id`: a technician's time cells, idempotency records.
pub(super) fn collection() -> Collection {
    Collection { name: "claims", indexes: vec![index(doc! { "holder": 1 }), expiring("expiresAt")] }
}
