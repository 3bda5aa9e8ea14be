//! Hostile values, stalling connections, and values of answers that are sent back in requests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod limits;
mod shapes;
mod stalls;
