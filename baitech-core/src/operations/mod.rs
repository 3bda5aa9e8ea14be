//! Operator tasks: due work that no worker attempts any more, and consumers of the log.

mod service;

pub use service::{ConsumerState, Operations};
