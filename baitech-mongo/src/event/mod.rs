//! The outbox.

mod document;
mod outbox;

pub(crate) use document::encode;

pub(crate) const COLLECTION: &str = "events";
