//! The indexes of every collection, one file per collection.
//!
//! Names are those that Mongoose gives by default, because a server refuses the same keys under a second
//! name.

mod balances;
mod bookings;
mod claims;
mod counters;
mod definition;
mod ensure;
mod events;
mod ledger;
mod reconciliations;
mod report;
mod shape;
mod transactions;
mod users;
mod webhooks;

pub use ensure::{EnsureIndexesError, ensure_indexes};
pub use report::{IndexDifference, IndexReport, index_report};

use definition::Collection;

/// Every collection that the store uses.
fn collections() -> Vec<Collection> {
    vec![
        users::collection(),
        bookings::collection(),
        transactions::collection(),
        webhooks::collection(),
        reconciliations::collection(),
        reconciliations::parts(),
        claims::collection(),
        events::collection(),
        ledger::collection(),
        balances::collection(),
        counters::collection(),
    ]
}
