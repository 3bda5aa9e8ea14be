//! The engine with payments by card: every call goes over HTTP to a server that speaks Stripe's protocol.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod contested;
mod counter;
mod dashboard;
#[path = "../engine/mod.rs"]
mod engine;
mod events;
mod outgoing;
mod paying;
mod reviewing;
