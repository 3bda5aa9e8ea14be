use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::summary::SummaryRow;
use crate::kernel::Money;

/// One movement of money, as the provider states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementLine {
    /// The line of the file at which the row begins, from 1.
    pub line: u64,
    /// The provider's name for the movement: the number of a receipt, a charge, a transfer. Never blank.
    pub reference: String,
    /// When the money moved, where the statement says so; the beginning of the local day where it names only
    /// the day.
    pub at: Option<DateTime<Utc>>,
    /// How much: above zero into our account, below zero out of it. The fee is not taken off.
    pub amount: Money,
    /// What the provider took for it; below zero where it gave a fee back.
    pub fee: Option<Money>,
    /// What it was for, in the provider's words; may be blank.
    pub description: String,
}

/// A statement that was read whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParsedStatement {
    /// What moved, in the order of the file.
    pub lines: Vec<StatementLine>,
    /// The time from the first line to the last; `None` where no line tells its time.
    pub period: Option<StatementPeriod>,
    /// Every row of the file, by what it was read as.
    pub rows: RowAccount,
}

/// What became of every row of a statement below its header: what was read is the sum of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowAccount {
    /// Rows that are not blank lines.
    pub read: u64,
    /// Those that are movements of money.
    pub lines: u64,
    /// Those that are the fee of another row.
    pub charges: u64,
    /// Those that moved no money.
    pub skipped: SkippedRows,
    /// Those that sum other rows up.
    pub summaries: Vec<SummaryRow>,
}

impl RowAccount {
    /// How many rows are accounted for: all that were read.
    #[must_use]
    pub fn accounted(&self) -> u64 {
        let SkippedRows { not_completed, without_amount } = self.skipped;
        self.lines + self.charges + not_completed + without_amount + self.summaries.len() as u64
    }
}

/// How many rows of a statement moved no money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkippedRows {
    /// Their status says that they were not completed.
    pub not_completed: u64,
    /// They state no amount, or zero: balances carried forward, blank rows.
    pub without_amount: u64,
}

/// A stretch of time, its end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementPeriod {
    /// From.
    pub from: DateTime<Utc>,
    /// To, not included.
    pub until: DateTime<Utc>,
}

impl StatementPeriod {
    /// Whether a moment lies within.
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
