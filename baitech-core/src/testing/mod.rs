//! Support for tests of stores and of applications that embed the engine. Behind feature `testing`.
//!
//! - [`build`]: plain users, bookings and events for tests;
//! - [`contract`]: the contract of all stores, as tests that run on any store;
//! - [`committed_events`]: all events in the log of a store;
//! - [`Sample`]: sample values and events of every kind of aggregate;
//! - [`simulation`]: a random marketplace with an auditor;
//! - [`strategies`]: proptest strategies for values, records and change sets.
//!
//! Invalid arguments panic, since this is test code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

pub mod build;
#[cfg(feature = "testing")]
pub mod contract;
mod log;
mod sample;
pub mod simulation;
#[cfg(feature = "testing")]
pub mod strategies;

pub use log::{committed_events, read_whole_log};
pub use sample::{Sample, sample_writes};
