//! The indexes of every collection: those of an aggregate are in its folder, the others here, one file per
//! collection.
//!
//! Names are those that Mongoose gives by default, because a server refuses the same keys under a second
//! name.

mod balances;
mod claims;
mod counters;
mod counts;
pub(crate) mod definition;
mod edges;
mod ensure;
mod events;
mod ledger;
mod report;
mod search;
mod shape;

pub use ensure::{EnsureIndexesError, ensure_indexes};
pub use report::{IndexDifference, IndexReport, index_report};

use baitech_core::for_each_aggregate;
use bson::doc;
use definition::{Collection, index, where_exists};

use crate::codec::Aggregate;
use crate::reconciliation::part;

/// Every collection that the store uses.
fn collections() -> Vec<Collection> {
    macro_rules! aggregates {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            vec![$(of_aggregate::<$Type>()),+]
        };
    }
    let mut collections = for_each_aggregate!(aggregates);
    collections.extend([
        part::collection(),
        claims::collection(),
        events::collection(),
        ledger::collection(),
        balances::collection(),
        counters::collection(),
        edges::collection(),
        counts::collection(),
        search::collection(),
    ]);
    collections.push(events::consumers());
    collections.extend(events::found_by_id());
    collections
}

/// The collection of a kind of aggregate: its own indexes, and those of due work. A document without a next
/// task has no `dueAt` and no entry in its index.
fn of_aggregate<A: Aggregate>() -> Collection {
    let mut indexes = A::indexes();
    indexes.push(where_exists(index(doc! { "dueAt": 1 }), "dueAt"));
    indexes.push(where_exists(index(doc! { "dueSetAside.at": -1, "_id": 1 }), "dueSetAside.at"));
    Collection { name: A::COLLECTION, indexes }
}
