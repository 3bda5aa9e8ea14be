//! Reconciliation of a provider's statement with the ledger: parse a CSV file, then compare its lines with
//! the booked movements.
//!
//! [`parse_statement`] reads the file in a [`StatementFormat`], for which there are presets; [`reconcile`]
//! compares. Both are pure: the same file and the same movements give the same report, in any order of lines
//! and movements.

mod cell;
mod compare;
mod format;
mod header;
mod parse;
mod quotes;
mod report;
mod rows;
mod statement;
mod summary;

pub use compare::reconcile;
pub use format::{StatementColumn, StatementField, StatementFormat, StatementLimits};
pub use parse::parse_statement;
pub use report::{
    BookedMovement, ComparedMovement, CurrencyTotals, MissingHere, MissingThere, ReconciliationReport,
};
pub use statement::{ParsedStatement, RowAccount, SkippedRows, StatementLine, StatementPeriod};
pub use summary::SummaryRow;

#[cfg(test)]
mod tests;
