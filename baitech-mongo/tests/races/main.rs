//! Those who want the same thing at the same time, in one process and in several, on a real replica set.
//!
//! Everything goes through the engine as an embedder would use it. The tests share one server and have a
//! database each; what is counted is written into the assertions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it measured"
)]

mod accept_and_cancel;
mod bad_input;
mod creations;
mod guards;
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
