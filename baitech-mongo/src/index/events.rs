use std::time::Duration;

use bson::doc;

use super::definition::{Collection, expiring, index, unique, where_exists};
use crate::event::COLLECTION;

/// How long an acknowledged event is kept for people to look at.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The outbox: events in the order of their aggregate, and pending events by time.
pub(super) fn collection() -> Collection {
    let pending = where_exists(index(doc! { "at": 1, "version": 1, "n": 1 }), "pending");
    let of_aggregate = unique(doc! { "aggregate.id": 1, "version": 1, "n": 1 });
    Collection {
        name: COLLECTION,
        indexes: vec![of_aggregate, pending, expiring("acknowledgedAt", KEPT_FOR)],
    }
}
