use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::statement::{RowAccount, StatementLine, StatementPeriod};
use crate::{
    kernel::{Currency, Id, Money},
    transaction::{Transaction, TransactionNumber},
};

/// A movement of money in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookedMovement {
    /// The transaction that moved it.
    pub transaction: Id<Transaction>,
    /// Its number.
    pub number: TransactionNumber,
    /// The names under which the provider may state it: its reference and receipts. The number counts as one
    /// without being listed here.
    pub references: Vec<String>,
    /// The amount: positive into our account, negative out of it.
    pub amount: Money,
    /// When it moved.
    pub at: DateTime<Utc>,
}

/// A booked movement that the statement has too. All amounts are in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparedMovement {
    /// The movement.
    pub movement: BookedMovement,
    /// The lines that state it, at least one; several where the provider split it.
    pub lines: Vec<StatementLine>,
    /// The booked amount.
    pub booked: Money,
    /// The total of the lines.
    pub stated: Money,
    /// The stated amount minus the booked amount.
    pub discrepancy: Money,
}

/// A line of the statement that the ledger does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingHere {
    /// The line.
    pub line: StatementLine,
    /// The whole amount of the line.
    pub discrepancy: Money,
}

/// A booked movement in the statement's period that the statement does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingThere {
    /// The movement.
    pub movement: BookedMovement,
    /// The whole amount of the movement, negated.
    pub discrepancy: Money,
}

/// The totals of a report in one currency: stated always equals booked plus discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrencyTotals {
    /// The currency.
    pub currency: Currency,
    /// The total of all lines.
    pub stated: Money,
    /// The total of all movements in the report, without unstated movements outside the period.
    pub booked: Money,
    /// The total of all discrepancies.
    pub discrepancy: Money,
    /// The provider's fees for the lines, which are not part of their amounts.
    pub fees: Money,
}

/// A comparison of a statement with the ledger. Movements are ordered by time, lines by their place in the
/// file, currencies by their code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationReport {
    /// The period that the statement covers, if known.
    pub period: Option<StatementPeriod>,
    /// Statement and ledger agree.
    pub matched: Vec<ComparedMovement>,
    /// Both have it, with different amounts.
    pub amount_differs: Vec<ComparedMovement>,
    /// Only the statement has it.
    pub missing_here: Vec<MissingHere>,
    /// Only the ledger has it, and the statement should.
    pub missing_there: Vec<MissingThere>,
    /// The number of unstated movements outside the period, which are expected to be unstated.
    pub outside_period: u64,
    /// The totals, one per currency.
    pub totals: Vec<CurrencyTotals>,
    /// The rows of the file, by kind. Each line is in one of the lists above.
    pub rows: RowAccount,
}
