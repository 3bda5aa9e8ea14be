//! Authorization: every method of every service, anonymous callers, and staff who decide on their own money.
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
#[allow(dead_code, reason = "each test binary uses some of it")]
#[path = "../engine_payments/provider.rs"]
mod provider;
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code, reason = "each test binary uses some of it")]
#[path = "../engine_payments/till.rs"]
mod till;
