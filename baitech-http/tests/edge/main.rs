//! What comes in at the edge: hostile values, sockets that stall, values that are sent back as they were
//! received.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod limits;
mod shapes;
mod stalls;
