//! Servers that speak the providers' protocols, for tests. Behind feature `testing`.
//!
//! - [`Daraja`]: expiring tokens, STK pushes, B2C payments, reversals, status queries, deposits; it hands
//!   callbacks to the test, which delivers them late, twice, in any order or never;
//! - [`StripeServer`]: payment intents, refunds, transfers, reversals, disputes, idempotency by key; it hands
//!   events to the test, and signs them when they are delivered.
//!
//! Both can fail calls ([`Fault`]), also after carrying them out. They listen on 127.0.0.1 and stop when the
//! value is dropped. Misuse panics, since this is code for tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod daraja;
mod server;
mod stripe;

pub use daraja::{Callback, Daraja, Endpoint};
pub use server::Fault;
pub use stripe::{StripeEvent, StripeServer};
