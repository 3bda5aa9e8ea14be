//! The ledger's entries and their running balances.

mod balance;
mod document;
mod lines;
mod reader;
mod start;

pub(crate) use balance::{COLLECTION as BALANCES, Movements, marked, of_accounts as balances_of_all};
pub(crate) use document::encode;
pub(crate) use start::Before;

pub(crate) const COLLECTION: &str = "ledger";
