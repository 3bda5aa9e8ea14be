//! The pure domain of the BaiTech marketplace: no I/O, no database, no async runtime.

pub mod account;
pub mod booking;
pub mod decide;
mod engine;
pub mod kernel;
pub mod ledger;
pub mod matching;
pub mod memory;
#[cfg(feature = "mock")]
pub mod mock;
pub mod payment;
pub mod pricing;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod worker;

pub use engine::{Builder, Marketplace};
pub use worker::{WorkDone, Worker};
