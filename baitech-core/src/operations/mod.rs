//! Operator tasks: due work that no worker attempts any more.

mod service;

pub use service::Operations;
