//! Rows with totals of other rows.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    cell,
    format::{StatementField as Field, StatementFormat},
    header::Places,
    rows::Row,
};
use crate::kernel::Currency;

/// A row with a total of other rows, which moves no money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryRow {
    /// The line of the file at which the row begins, from 1.
    pub line: u64,
    /// Its label: `Total`.
    pub label: String,
    /// The stated total; `None` if no comparable amount is stated.
    pub stated: Option<Decimal>,
    /// The total of the rows above it.
    pub counted: Option<Decimal>,
}

impl SummaryRow {
    /// Whether it contradicts the rows above it: rows are missing from the file, or occur twice.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.stated != self.counted
    }
}

/// The totals of the rows so far, from the beginning and since the last summary.
#[derive(Debug, Default)]
pub(super) struct Sums {
    whole: Sum,
    part: Sum,
    /// Rows in several currencies have no common total.
    currency: Option<Currency>,
    mixed: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    paid_in: Decimal,
    paid_out: Decimal,
}

impl Sum {
    fn add(&mut self, amount: Decimal) -> Option<()> {
        let side = if amount < Decimal::ZERO { &mut self.paid_out } else { &mut self.paid_in };
        *side = side.checked_add(amount.abs())?;
        Some(())
    }

    fn net(&self) -> Decimal {
        self.paid_in - self.paid_out
    }
}

impl Sums {
    /// Adds a row that moved money.
    pub(super) fn add(&mut self, amount: Decimal, currency: Currency) {
        self.mixed |= *self.currency.get_or_insert(currency) != currency;
        // The number of digits of an amount is limited, so that no file is long enough to overflow.
        let added = self.whole.add(amount).and(self.part.add(amount));
        self.mixed |= added.is_none();
    }

    /// Compares a summary with the rows above it. `stated` is from the amount column, or from the columns
    /// paid in and paid out.
    pub(super) fn check(&mut self, stated: &Stated) -> (Option<Decimal>, Option<Decimal>) {
        let part = std::mem::take(&mut self.part);
        if self.mixed {
            return (None, None);
        }
        let compare = |stated: Decimal, of: &dyn Fn(&Sum) -> Decimal| {
            let (whole, part) = (of(&self.whole), of(&part));
            (Some(stated), Some(if stated == part { part } else { whole }))
        };
        match *stated {
            Stated::Nothing => (None, None),
            Stated::Amount(amount) => compare(amount, &Sum::net),
            Stated::Moved { paid_in: Some(paid_in), paid_out: None } => compare(paid_in, &|sum| sum.paid_in),
            Stated::Moved { paid_in: None, paid_out: Some(paid_out) } => {
                compare(paid_out.abs(), &|sum| sum.paid_out)
            }
            Stated::Moved { paid_in: Some(paid_in), paid_out: Some(paid_out) } => {
                let fits = |sum: &Sum| sum.paid_in == paid_in && sum.paid_out == paid_out.abs();
                let net = paid_in - paid_out.abs();
                if fits(&self.whole) || fits(&part) {
                    return (Some(net), Some(net));
                }
                let (stated, counted) = compare(net, &Sum::net);
                // The two sides can differ by the same amount; then the incoming side is shown.
                if stated == counted { compare(paid_in, &|sum| sum.paid_in) } else { (stated, counted) }
            }
            Stated::Moved { paid_in: None, paid_out: None } => (None, None),
        }
    }
}

/// The amounts that a summary states.
pub(super) enum Stated {
    Nothing,
    Amount(Decimal),
    Moved { paid_in: Option<Decimal>, paid_out: Option<Decimal> },
}

/// The label of a summary row: it has neither a date nor a reference, names a total, and otherwise contains
/// only amounts and currencies.
pub(super) fn label<'r>(row: &'r Row, places: &Places, format: &StatementFormat) -> Option<&'r str> {
    let is_blank_or_label = |field| places.cell(row, field).is_none_or(is_label);
    if !is_blank_or_label(Field::Date) || !is_blank_or_label(Field::Reference) {
        return None;
    }
    let cells = || row.cells.iter().map(str::trim).filter(|cell| !cell.is_empty());
    let is_figure = |cell: &str| {
        cell::amount(cell, format.decimal_comma).is_ok()
            || Currency::from_code(&cell.to_uppercase()).is_some()
    };
    let all_known = cells().all(|cell| is_label(cell) || is_figure(cell));
    if all_known { cells().find(|cell| is_label(cell)) } else { None }
}

/// Words that may occur in a label besides "total".
const BESIDES: [&str; 24] = [
    "grand",
    "sub",
    "net",
    "gross",
    "amount",
    "amounts",
    "paid",
    "in",
    "out",
    "withdrawn",
    "credit",
    "credits",
    "debit",
    "debits",
    "of",
    "for",
    "the",
    "page",
    "period",
    "statement",
    "all",
    "kuu",
    "transactions",
    "overall",
];

/// Whether a text only says "total": `Grand total:`, but not `Total Energies`.
fn is_label(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_total = |word: &str| matches!(word, "total" | "totals" | "subtotal" | "subtotals" | "jumla");
    let mut named = false;
    let all_known = words.all(|word| {
        named |= is_total(word);
        is_total(word) || BESIDES.contains(&word)
    });
    named && all_known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_only_says_total() {
        for label in ["Total", "TOTAL:", "Grand Total", "Sub-total", "subtotal", "Total paid in", "Jumla kuu"]
        {
            assert!(is_label(label), "{label}");
        }
        for name in ["Total Energies", "totally", "QK1", "", "amount", "Total 2", "Subtotal refund"] {
            assert!(!is_label(name), "{name}");
        }
    }
}
