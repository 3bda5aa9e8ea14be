//! The embedded store: everything in the memory of one process, lost when it ends.
//!
//! [`MemoryStore`] keeps every promise of the ports and passes the same contract suite as a database. A
//! commit is checked and applied under one lock, so that commits follow one another; a query walks a
//! secondary index and touches only what it returns (or, where a filter names two people, what the first of
//! them has).
//!
//! It is deterministic: the same calls in the same order give the same answers, byte for byte. It reads no
//! clock. The one thing that needs the time, forgetting answers whose `expires_at` has passed, goes by the
//! latest moment that any applied commit has told: in `updated_at` of what it wrote, in `at` of its events
//! and entries.

mod answers;
mod bookings;
mod commit;
mod due;
mod groups;
mod ledger;
mod outbox;
mod readers;
mod reconciliations;
mod spatial;
mod state;
mod store;
mod transactions;
mod users;
mod webhooks;

pub use store::MemoryStore;
