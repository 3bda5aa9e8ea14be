//! Refusals by the rules of bookings.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cancellation;
mod declined;
mod early_start;
mod open_requests;
mod preferred_price;
mod requests;
mod searches;
#[path = "../support/mod.rs"]
mod support;
