//! The append-only double-entry ledger: every movement of money is an [`Entry`] whose postings sum to zero.

mod audit;
mod service;

pub use crate::{
    catalog::Account,
    store::{AccountLine, Entry, EntryRecord, Posting, UnbalancedEntry},
};
pub use audit::{BalanceDifference, BooksAudit};
pub use service::Ledger;
