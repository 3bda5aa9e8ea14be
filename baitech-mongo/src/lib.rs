//! The MongoDB store of the BaiTech marketplace.

mod aggregate_ref;
mod booking;
mod claims;
mod codec;
mod commit;
mod connection;
mod counters;
mod diff;
mod due;
mod event;
mod idempotency;
mod index;
mod ledger;
mod load;
mod matching;
mod money;
mod page;
mod prepare;
mod server_error;
mod store;
mod user;
mod value;
mod version;

#[cfg(feature = "testing")]
pub mod testing;

pub use connection::{ConnectError, connect};
pub use index::{EnsureIndexesError, IndexDifference, IndexReport, ensure_indexes, index_report};
pub use prepare::{PrepareError, PrepareReport};
pub use store::{MongoStore, OpenError};
