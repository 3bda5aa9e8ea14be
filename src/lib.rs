#![doc = include_str!("../README.md")]

/// The version of axum that [`http::router`] uses.
#[cfg(feature = "http")]
pub use axum;
pub use baitech_core::*;
#[cfg(feature = "http")]
pub use baitech_http as http;
#[cfg(feature = "mongo")]
pub use baitech_mongo as mongo;
#[cfg(feature = "providers")]
pub use baitech_providers as providers;
pub use chrono;
pub use chrono_tz;
pub use rust_decimal;
