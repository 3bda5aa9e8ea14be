//! The embedded store: keeps all data in the memory of one process, and loses it when the process ends.
//!
//! [`MemoryStore`] fulfils the contracts of all ports, and passes the same contract suite as a database. A
//! commit is checked and applied under one lock, so commits are serialised. A query reads a secondary index
//! and reads only the results (or, for a filter with two users, all bookings of the first one).
//!
//! It is deterministic: the same calls in the same order return the same results, byte for byte. It reads no
//! clock. Only the deletion of answers after their `expires_at` depends on time; it uses the latest time in
//! any applied commit: `updated_at` of its writes, and `at` of its events and entries.

mod answers;
mod bookings;
mod commit;
mod due;
mod edges;
mod groups;
mod kyc_cases;
mod ledger;
mod log;
mod readers;
mod reconciliations;
mod search;
mod spatial;
mod state;
mod store;
mod transactions;
mod users;
mod webhooks;

pub use store::MemoryStore;
