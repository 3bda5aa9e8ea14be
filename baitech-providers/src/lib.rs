//! Adapters to the world outside: payment providers, and documents. A cargo feature each.

#[cfg(feature = "mpesa")]
pub mod mpesa;
#[cfg(feature = "pdf")]
pub mod pdf;
#[cfg(feature = "stripe")]
pub mod stripe;
