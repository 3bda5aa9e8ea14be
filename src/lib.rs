//! The engine of a home-services marketplace.

pub use baitech_core as core;
