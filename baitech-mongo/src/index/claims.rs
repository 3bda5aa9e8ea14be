use std::time::Duration;

use super::definition::{Collection, expiring};
use crate::claims::COLLECTION;

/// Unique keys with one holder; the key is the `_id`: a technician's time cells, phone numbers, idempotency
/// records.
pub(super) fn collection() -> Collection {
    Collection { name: COLLECTION, indexes: vec![expiring("expiresAt", Duration::ZERO)] }
}
