//! Who may do what: every method of every service, callers without an account, and money of one's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod anonymous;
mod methods;
mod own_money;
#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "../engine_payments/provider.rs"]
mod provider;
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "../engine_payments/till.rs"]
mod till;
