//! The append-only double-entry ledger: every movement of money is an [`Entry`] whose postings sum to zero.

mod account;
mod audit;
mod entry;
pub mod opening;
mod reader;

pub use account::Account;
pub use audit::{BalanceDifference, BooksAudit};
pub use entry::{AccountLine, Entry, EntryRecord, Posting, UnbalancedEntry};
pub use reader::Ledger;
