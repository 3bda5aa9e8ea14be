use std::collections::HashMap;

use rust_decimal::Decimal;

use super::{
    cell,
    compare::normalised,
    format::{StatementColumn, StatementField as Field, StatementFormat},
    header::{Places, locate},
    rows::Row,
    statement::{ParsedStatement, RowAccount, StatementLine, StatementPeriod},
    summary::{self, Stated, SummaryRow, Sums},
};
use crate::kernel::{Code, Currency, Money, Violation, Violations};

/// Parses a statement completely, or refuses it. Amounts without a currency are in the `default` one.
///
/// Accepts UTF-8 with or without a byte order mark; commas, semicolons or tabs; any line endings; titles
/// above the header.
///
/// # Errors
/// Every mistake at once, up to the format's limit, and the number of further ones: violations of
/// `statement.{line}.{field}` ([`StatementField::name`](super::StatementField::name)) for a row, of
/// `statement.{field}` for a missing column, of `statement` for a file that is empty, not text or too long.
pub fn parse_statement(
    bytes: &[u8],
    format: &StatementFormat,
    default: Currency,
) -> Result<ParsedStatement, Violations> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Violation::new("statement", Code::Malformed, "the file must be UTF-8 text"))?;
    let (rows, places) = locate(text, format)?;
    let mut reader = StatementReader::new(format, &places, default);
    for (index, row) in rows.enumerate() {
        if index >= format.limits.rows {
            let message = format!("must have at most {} rows", format.limits.rows);
            return Err(Violation::new("statement", Code::TooMany, message).into());
        }
        reader.rows.read += 1;
        reader.read(&row?);
    }
    reader.finish()
}

struct StatementReader<'a> {
    format: &'a StatementFormat,
    places: &'a Places,
    default: Currency,
    lines: Vec<StatementLine>,
    charges: Vec<StatementLine>,
    period: Option<StatementPeriod>,
    rows: RowAccount,
    sums: Sums,
    /// The line of the first row with these cells.
    seen: HashMap<Vec<String>, u64>,
    findings: Findings,
}

impl<'a> StatementReader<'a> {
    fn new(format: &'a StatementFormat, places: &'a Places, default: Currency) -> Self {
        let findings = Findings { violations: Violations::new(), left: format.limits.violations, more: 0 };
        Self {
            format,
            places,
            default,
            lines: Vec::new(),
            charges: Vec::new(),
            period: None,
            rows: RowAccount::default(),
            sums: Sums::default(),
            seen: HashMap::new(),
            findings,
        }
    }

    fn read(&mut self, row: &Row) {
        if let Some(label) = summary::label(row, self.places, self.format) {
            self.summarise(row, label);
            return;
        }
        if !self.is_completed(row) {
            self.rows.skipped.not_completed += 1;
            return;
        }
        let amount = self.amount(row);
        if amount.is_some_and(|amount| amount.is_zero()) {
            self.rows.skipped.without_amount += 1;
            return;
        }
        let currency = self.currency(row);
        let fee = self.optional(row, Field::Fee, |reader, cell| reader.number(row, cell));
        let amount = amount
            .zip(currency)
            .and_then(|(amount, currency)| self.money(row, self.amount_field(), amount, currency));
        let fee = match (fee, currency) {
            (Some(Some(fee)), Some(currency)) => self.money(row, Field::Fee, fee, currency).map(Some),
            (fee, _) => fee.map(|_| None),
        };
        let at = self.optional(row, Field::Date, Self::moment);
        let reference = self.places.cell(row, Field::Reference);
        let reference = match reference {
            Some(reference) => self.text(row, Field::Reference, reference),
            None => self.findings.at(row, Field::Reference, Code::Required, "must not be empty"),
        };
        let description = self.places.cell(row, Field::Description).unwrap_or_default();
        let description = self.text(row, Field::Description, description);
        let (Some(amount), Some(fee), Some(at), Some(reference), Some(description)) =
            (amount, fee, at, reference, description)
        else {
            return;
        };
        if self.is_repeated(row) {
            return;
        }
        self.period = match (self.period, at) {
            (Some(period), Some(at)) => Some(period.join(at)),
            (period, at) => period.or(at),
        };
        self.sums.add(amount.amount(), amount.currency());
        let at = at.map(|at| at.from);
        let line = StatementLine { line: row.line, reference, at, amount, fee, description };
        let place = if self.is_charge(&line) { &mut self.charges } else { &mut self.lines };
        place.push(line);
    }

    /// Compares a summary with the rows above it.
    fn summarise(&mut self, row: &Row, label: &str) {
        // In a summary row, these cells contain only amounts, labels or currencies.
        let number = |field| self.places.cell(row, field).and_then(|cell| self.number(row, cell).ok());
        let stated = if self.places.has(Field::Amount) {
            number(Field::Amount).map_or(Stated::Nothing, Stated::Amount)
        } else {
            Stated::Moved { paid_in: number(Field::PaidIn), paid_out: number(Field::PaidOut) }
        };
        let (stated, counted) = self.sums.check(&stated);
        let label = label.to_owned();
        self.rows.summaries.push(SummaryRow { line: row.line, label, stated, counted });
    }

    fn is_completed(&self, row: &Row) -> bool {
        if self.format.completed.is_empty() || !self.places.has(Field::Status) {
            return true;
        }
        let status = self.places.cell(row, Field::Status).unwrap_or_default().to_lowercase();
        self.format.completed.iter().any(|completed| completed.to_lowercase() == status)
    }

    fn is_charge(&self, line: &StatementLine) -> bool {
        let word = self.format.charge_word.as_ref().map(|word| word.to_lowercase());
        let is_charge = |word: String| line.description.to_lowercase().split_whitespace().any(|w| w == word);
        line.amount.is_negative() && word.is_some_and(is_charge)
    }

    /// Whether an earlier row has the same cells although rows have to be unique.
    fn is_repeated(&mut self, row: &Row) -> bool {
        if !self.format.rows_are_unique {
            return false;
        }
        let cells = row.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        let first = *self.seen.entry(cells).or_insert(row.line);
        if first == row.line {
            return false;
        }
        let message = format!("the row repeats line {first} in every column");
        self.findings.at::<()>(row, Field::Reference, Code::Duplicate, message);
        true
    }

    fn amount_field(&self) -> Field {
        if self.places.has(Field::Amount) { Field::Amount } else { Field::PaidIn }
    }

    /// The amount of a row, zero for none; `None` if it cannot be parsed.
    fn amount(&mut self, row: &Row) -> Option<Decimal> {
        if self.places.has(Field::Amount) {
            return match self.optional(row, Field::Amount, |reader, cell| reader.number(row, cell))? {
                None if row.cells.iter().any(|cell| !cell.trim().is_empty()) => {
                    self.findings.at(row, Field::Amount, Code::Required, "must not be empty")
                }
                amount => Some(amount.unwrap_or_default()),
            };
        }
        let paid_in = self.optional(row, Field::PaidIn, |reader, cell| reader.number(row, cell));
        let paid_out = self.optional(row, Field::PaidOut, |reader, cell| reader.number(row, cell));
        let (paid_in, paid_out) = (paid_in?.unwrap_or_default(), paid_out?.unwrap_or_default());
        if paid_in < Decimal::ZERO {
            return self.findings.at(row, Field::PaidIn, Code::OutOfRange, "must not be below zero");
        }
        if !paid_in.is_zero() && !paid_out.is_zero() {
            let message = "a row must be paid in or paid out, not both";
            return self.findings.at(row, Field::PaidOut, Code::Malformed, message);
        }
        Some(paid_in - paid_out.abs())
    }

    fn currency(&mut self, row: &Row) -> Option<Currency> {
        let Some(code) = self.places.cell(row, Field::Currency) else {
            let is_required = |column: &StatementColumn| column.field == Field::Currency && column.required;
            if self.format.columns.iter().any(is_required) {
                return self.findings.at(row, Field::Currency, Code::Required, "must not be empty");
            }
            return Some(self.default);
        };
        let currency = Currency::from_code(&code.to_uppercase());
        currency.or_else(|| {
            self.findings.at(row, Field::Currency, Code::Unknown, "must be the ISO 4217 code of a currency")
        })
    }

    fn money(&mut self, row: &Row, field: Field, amount: Decimal, currency: Currency) -> Option<Money> {
        let money = Money::new(amount, currency);
        if money.minor_units().is_ok() {
            return Some(money);
        }
        let message = format!("must have no fraction of the smallest unit of {}", currency.code());
        self.findings.at(row, field, Code::Malformed, message)
    }

    /// The value of a cell, if any; `None` if it cannot be parsed.
    fn optional<T>(
        &mut self,
        row: &Row,
        field: Field,
        read: impl Fn(&Self, &str) -> Result<T, (Code, &'static str)>,
    ) -> Option<Option<T>> {
        let Some(cell) = self.places.cell(row, field) else { return Some(None) };
        match read(self, cell) {
            Ok(value) => Some(Some(value)),
            Err((code, message)) => self.findings.at(row, field, code, message),
        }
    }

    fn number(&self, row: &Row, cell: &str) -> Result<Decimal, (Code, &'static str)> {
        let named = self.places.cell(row, Field::Currency).map(str::to_uppercase);
        let currency = named.and_then(|code| Currency::from_code(&code)).unwrap_or(self.default);
        cell::amount_in(cell, self.format.decimal_comma, currency).map_err(|code| match code {
            Code::OutOfRange => (code, "is too large"),
            _ => (code, "must be an amount"),
        })
    }

    fn moment(&self, cell: &str) -> Result<StatementPeriod, (Code, &'static str)> {
        cell::moment(cell, self.format).map_err(|code| match code {
            Code::OutOfRange => (code, "the time is skipped by a clock change"),
            _ => (code, "must be a date"),
        })
    }

    fn text(&mut self, row: &Row, field: Field, text: &str) -> Option<String> {
        let most = self.format.limits.characters;
        if text.chars().count() <= most {
            return Some(text.to_owned());
        }
        self.findings.at(row, field, Code::TooLong, format!("must have at most {most} characters"))
    }

    fn finish(mut self) -> Result<ParsedStatement, Violations> {
        self.findings.into_result()?;
        let charges = self.charges.len();
        let before = self.lines.len();
        add_charges(&mut self.lines, self.charges);
        // A fee without a row of the same reference stays a line.
        let lone = self.lines.len() - before;
        self.rows.lines = self.lines.len() as u64;
        self.rows.charges = (charges - lone) as u64;
        Ok(ParsedStatement { lines: self.lines, period: self.period, rows: self.rows })
    }
}

/// Makes each charge the fee of the first line with its reference; a charge without one stays a line.
fn add_charges(lines: &mut Vec<StatementLine>, charges: Vec<StatementLine>) {
    let mut first: HashMap<_, usize> = HashMap::new();
    for (index, line) in lines.iter().enumerate() {
        first.entry((normalised(&line.reference), line.amount.currency())).or_insert(index);
    }
    let mut lone = Vec::new();
    for charge in charges {
        let key = (normalised(&charge.reference), charge.amount.currency());
        let line = first.get(&key).and_then(|index| lines.get_mut(*index));
        let fee = line
            .as_ref()
            .map(|line| line.fee.unwrap_or(Money::zero(line.amount.currency())).checked_sub(charge.amount));
        match (line, fee) {
            (Some(line), Some(Ok(fee))) => line.fee = Some(fee),
            _ => lone.push(charge),
        }
    }
    lines.append(&mut lone);
    lines.sort_by_key(|line| line.line);
}

/// The first violations, and the number of further ones.
struct Findings {
    violations: Violations,
    left: usize,
    more: u64,
}

impl Findings {
    /// Keeps or counts a violation. Always returns `None`, since there is no value.
    fn at<T>(
        &mut self,
        row: &Row,
        field: Field,
        code: Code,
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Option<T> {
        if self.left == 0 {
            self.more += 1;
        } else {
            self.left -= 1;
            let field = format!("statement.{}.{}", row.line, field.name());
            self.violations.push(Violation::new(field, code, message));
        }
        None
    }

    fn into_result(mut self) -> Result<(), Violations> {
        if self.more > 0 {
            let message = format!("{} more violations", self.more);
            self.violations.push(Violation::new("statement", Code::TooMany, message));
        }
        if self.violations.iter().next().is_none() { Ok(()) } else { Err(self.violations) }
    }
}
