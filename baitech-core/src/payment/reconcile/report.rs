use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::statement::{RowAccount, StatementLine, StatementPeriod};
use crate::{
    kernel::{Currency, Id, Money},
    payment::{Transaction, TransactionNumber},
};

/// One movement of money, as our own books have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookedMovement {
    /// The transaction that moved it.
    pub transaction: Id<Transaction>,
    /// Its number.
    pub number: TransactionNumber,
    /// Every name by which the provider may state it: its reference, its receipts. The number counts as one
    /// without being here.
    pub references: Vec<String>,
    /// How much: above zero into our account, below zero out of it.
    pub amount: Money,
    /// When it moved.
    pub at: DateTime<Utc>,
}

/// A booked movement that the statement has as well. Every amount is of one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparedMovement {
    /// The movement.
    pub movement: BookedMovement,
    /// The lines that state it, never none; several where the provider split it.
    pub lines: Vec<StatementLine>,
    /// What our books say.
    pub booked: Money,
    /// What the lines say together.
    pub stated: Money,
    /// What is stated above what is booked.
    pub discrepancy: Money,
}

/// A line of the statement that our books do not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingHere {
    /// The line.
    pub line: StatementLine,
    /// All of its amount.
    pub discrepancy: Money,
}

/// A booked movement of the statement's period that the statement does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingThere {
    /// The movement.
    pub movement: BookedMovement,
    /// All of its amount, with its sign turned.
    pub discrepancy: Money,
}

/// The sums of a report in one currency: what is stated is always what is booked and the discrepancies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrencyTotals {
    /// The currency.
    pub currency: Currency,
    /// Of all lines.
    pub stated: Money,
    /// Of all movements in the report; those outside of the period that nothing states are not.
    pub booked: Money,
    /// Of all discrepancies.
    pub discrepancy: Money,
    /// What the provider took for the lines, stated beside their amounts.
    pub fees: Money,
}

/// A statement against our own books. Movements come by their time, lines by their place in the file,
/// currencies by their code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationReport {
    /// The time that the statement covers, where it is known.
    pub period: Option<StatementPeriod>,
    /// Both say the same.
    pub matched: Vec<ComparedMovement>,
    /// Both have it, at different amounts.
    pub amount_differs: Vec<ComparedMovement>,
    /// Only the statement has it.
    pub missing_here: Vec<MissingHere>,
    /// Only our books have it, and the statement should.
    pub missing_there: Vec<MissingThere>,
    /// How many movements lie outside of the period and are not stated, as is right.
    pub outside_period: u64,
    /// The sums, one a currency.
    pub totals: Vec<CurrencyTotals>,
    /// The rows of the file, by what they were read as. Each of the lines is in one of the lists above.
    pub rows: RowAccount,
}
