use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::summary::SummaryRow;
use crate::kernel::Money;

/// A movement of money, as the provider states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementLine {
    /// The line of the file at which the row begins, from 1.
    pub line: u64,
    /// The provider's reference of the movement: the number of a receipt, a charge, a transfer. Never blank.
    pub reference: String,
    /// When the money moved, if the statement says so; the start of the local day where it names only the
    /// day.
    pub at: Option<DateTime<Utc>>,
    /// The amount: positive into our account, negative out of it. The fee is not deducted.
    pub amount: Money,
    /// The provider's fee; negative if a fee was returned.
    pub fee: Option<Money>,
    /// The description in the provider's words; may be blank.
    pub description: String,
}

/// A completely parsed statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParsedStatement {
    /// The movements, in the order of the file.
    pub lines: Vec<StatementLine>,
    /// The period from the first line to the last; `None` if no line has a time.
    pub period: Option<StatementPeriod>,
    /// The rows of the file, by kind.
    pub rows: RowAccount,
}

/// Counts the rows of a statement below its header, by kind: `read` is the sum of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowAccount {
    /// Rows other than blank lines.
    pub read: u64,
    /// Movements of money.
    pub lines: u64,
    /// Fees of other rows.
    pub charges: u64,
    /// Rows that moved no money.
    pub skipped: SkippedRows,
    /// Totals of other rows.
    pub summaries: Vec<SummaryRow>,
}

impl RowAccount {
    /// The number of rows accounted for: all that were read.
    #[must_use]
    pub fn accounted(&self) -> u64 {
        let SkippedRows { not_completed, without_amount } = self.skipped;
        self.lines + self.charges + not_completed + without_amount + self.summaries.len() as u64
    }
}

/// Counts the rows of a statement that moved no money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkippedRows {
    /// Rows whose status says that they were not completed.
    pub not_completed: u64,
    /// Rows with no amount, or with zero: balances carried forward, blank rows.
    pub without_amount: u64,
}

/// A period of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementPeriod {
    /// The start.
    pub from: DateTime<Utc>,
    /// The end, exclusive.
    pub until: DateTime<Utc>,
}

impl StatementPeriod {
    /// Whether a moment lies within the period.
    #[must_use]
    pub fn contains(&self, moment: DateTime<Utc>) -> bool {
        self.from <= moment && moment < self.until
    }

    /// The shortest period that covers both.
    #[must_use]
    pub(super) fn join(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), until: self.until.max(other.until) }
    }
}
