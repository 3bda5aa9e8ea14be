//! A provider's statement against our own books: read a CSV file, then set its lines against the movements
//! that were booked.
//!
//! [`parse_statement`] reads the file by a [`StatementFormat`], of which there are presets; [`reconcile`]
//! compares. Both are pure: the same file and the same books give the same report, in whatever order their
//! lines come.

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
