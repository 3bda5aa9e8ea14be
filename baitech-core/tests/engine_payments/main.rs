//! Payments, refunds and payouts, exact to the shilling.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod blocked;
mod cancelling;
mod cash_jobs;
mod contested;
mod documents;
mod failed_returns;
mod faults;
mod headroom;
mod holding;
mod limits;
mod methods;
mod numbers;
mod outgoing;
mod powers;
mod provider;
mod reconciling;
mod refunding;
mod replays;
mod retrying;
mod reviewing;
#[path = "../support/mod.rs"]
mod support;
mod till;
mod unordered;
mod verdicts;
mod webhooks;
