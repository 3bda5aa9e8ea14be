//! The append-only double-entry ledger: every movement of money is an [`Entry`] whose postings sum to zero.

mod account;
mod entry;

pub use account::Account;
pub use entry::{Entry, EntryRecord, Posting, UnbalancedEntry};
