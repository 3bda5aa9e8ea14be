//! The ledger's entries and their sums.

mod document;
mod reader;

pub(crate) use document::encode;

pub(crate) const COLLECTION: &str = "ledger";
