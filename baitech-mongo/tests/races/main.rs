//! Races within one process and between several, on a real replica set.
//!
//! All commands go through the engine, as an embedder would use it. The tests share one server, with one
//! database per test. The assertions contain the expected counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its measurements"
)]

mod accept_and_cancel;
mod bad_input;
mod creations;
mod guards;
mod identity_checks;
mod limits;
mod money;
mod overlapping_jobs;
mod process;
mod random_slots;
mod reconciling;
mod suspensions;
mod workers;
mod world;
mod writers;
