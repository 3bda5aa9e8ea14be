//! The MongoDB store of the BaiTech marketplace.

mod connection;
#[allow(dead_code, reason = "the document mapping is its user")]
mod diff;
mod index;
mod server_error;
#[allow(dead_code, reason = "the document mapping is its user")]
mod value;

#[cfg(feature = "testing")]
pub mod testing;

pub use connection::{ConnectError, connect};
pub use index::{EnsureIndexesError, IndexDifference, IndexReport, ensure_indexes, index_report};
