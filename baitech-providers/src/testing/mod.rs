//! Servers that speak the providers' protocols, for tests. Behind feature `testing`.
//!
//! - [`Daraja`]: tokens that run out, STK pushes, B2C payments, reversals, questions, deposits; its callbacks
//!   are handed to the test, to be delivered late, twice, in any order or never;
//! - [`StripeServer`]: payment intents, refunds, transfers, reversals, disputes, idempotency by key; its
//!   events are handed to the test, signed when they are delivered.
//!
//! Both fail calls as they are told to ([`Fault`]), also after having carried them out. They listen on
//! 127.0.0.1 and end with the value. What does not fit panics: this is code for tests.

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
