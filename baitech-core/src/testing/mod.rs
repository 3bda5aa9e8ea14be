//! For tests of the engine's own stores, of an embedder's store, and of applications of the engine. Behind
//! feature `testing`.
//!
//! - [`build`]: plain users, bookings and events to begin a test with;
//! - [`contract`]: what every store promises, as tests that run on any;
//! - [`Sample`]: sample values and events of every kind of aggregate;
//! - [`simulation`]: a marketplace by chance, with an auditor;
//! - [`strategies`]: proptest strategies for values, records and change sets.
//!
//! What does not fit panics: this is code for tests.

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
mod sample;
pub mod simulation;
#[cfg(feature = "testing")]
pub mod strategies;

pub use sample::{Sample, sample_writes};
