//! The MongoDB store of the BaiTech marketplace: every port of the engine on a replica set (4.4 or later; one
//! member is enough).
//!
//! ```no_run
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! use baitech_mongo::MongoStore;
//!
//! let store = MongoStore::connect("mongodb://localhost:27017/baitech").await?;
//! // Once, where an earlier application wrote the database, and after it was stopped:
//! let report = store.prepare().await?;
//! println!("{} findings to look at", report.findings().count());
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees beyond the ports
//!
//! - Documents of another program are read as they are, and a save writes only changed fields: fields unknown
//!   to the engine are never touched, at any depth.
//! - A commit is one transaction with majority write concern. It is encoded before the transaction begins, so
//!   that a retry only resends, and it completes even if its caller is dropped.
//! - Every query has an index. [`ensure_indexes`] creates missing indexes and replaces none; [`index_report`]
//!   lists conflicting and unused ones.
//!
//! # Structure
//!
//! One folder per feature: its documents, conversions, queries and indexes. `commit` turns a change set into
//! a plan and sends it; `diff` computes the update of a save; `index` has the indexes of all other
//! collections; `lenient` reads documents with fields that cannot be understood; `prepare` derives data that
//! a database of the earlier application lacks; `testing` (a feature) runs a real mongod.

mod aggregate_ref;
mod booking;
mod claims;
mod codec;
mod commit;
mod connection;
mod counters;
mod counts;
mod diff;
mod due;
mod edges;
mod idempotency;
mod index;
mod kyc_case;
mod ledger;
mod lenient;
mod load;
mod log;
mod matching;
mod money;
mod page;
mod prepare;
mod reconciliation;
mod search;
mod server_error;
mod store;
mod transaction;
mod update;
mod user;
mod value;
mod version;
mod webhook;

#[cfg(feature = "testing")]
pub mod testing;

pub use connection::{ConnectError, connect};
pub use index::{EnsureIndexesError, IndexDifference, IndexReport, ensure_indexes, index_report};
pub use prepare::{
    DoubleBooking, Finding, OddField, Overlap, PrepareError, PrepareProgress, PrepareReport, Twins, Unclaimed,
};
pub use store::{MongoStore, OpenError};
