//! The pure domain of the BaiTech marketplace: no I/O, no database, no async runtime.

pub mod account;
pub mod booking;
pub mod kernel;
pub mod ledger;
pub mod matching;
pub mod pricing;
pub mod store;
