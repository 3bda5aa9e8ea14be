//! Adapters for payment providers and PDF documents, each behind a cargo feature.

#[cfg(any(feature = "mpesa", feature = "stripe"))]
mod config;
#[cfg(any(feature = "mpesa", feature = "stripe"))]
mod http;
#[cfg(feature = "mpesa")]
pub mod mpesa;
#[cfg(feature = "pdf")]
pub mod pdf;
#[cfg(feature = "stripe")]
pub mod stripe;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(any(feature = "mpesa", feature = "stripe"))]
mod webhook;

#[cfg(any(feature = "mpesa", feature = "stripe"))]
pub use config::ConfigError;
