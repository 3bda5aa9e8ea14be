//! The engine with payments by M-Pesa: every call goes over HTTP to a server that speaks Daraja's protocol.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod callbacks;
mod deposits;
mod desk;
#[path = "../engine/mod.rs"]
mod engine;
mod outgoing;
mod paying;
mod races;
mod refunds;
