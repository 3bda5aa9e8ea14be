use csv::StringRecord;

use super::{
    format::{StatementColumn, StatementField, StatementFormat},
    quotes::require_closed_quotes,
    rows::{Row, Rows},
};
use crate::kernel::{Code, Violation, Violations};

const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The columns of the fields, the preferred column of each first.
pub(super) struct Places(Vec<(StatementField, usize)>);

impl Places {
    /// The first non-blank cell of a field, trimmed.
    pub(super) fn cell<'r>(&self, row: &'r Row, field: StatementField) -> Option<&'r str> {
        let columns = self.0.iter().filter(|place| place.0 == field);
        columns.filter_map(|place| row.cells.get(place.1)).map(str::trim).find(|cell| !cell.is_empty())
    }

    /// Whether the file has a column for the field.
    pub(super) fn has(&self, field: StatementField) -> bool {
        self.0.iter().any(|place| place.0 == field)
    }

    fn find(header: &StringRecord, columns: &[StatementColumn]) -> Self {
        let names: Vec<_> = header.iter().map(normalised).collect();
        let wanted = columns
            .iter()
            .flat_map(|column| column.names.iter().map(|name| (column.field, normalised(name))));
        let places = wanted.filter_map(|(field, name)| {
            let found = names.iter().position(|header| !name.is_empty() && *header == name)?;
            Some((field, found))
        });
        Self(places.collect())
    }

    fn missing<'c>(&self, columns: &'c [StatementColumn]) -> Vec<&'c StatementColumn> {
        columns.iter().filter(|column| column.required && !self.has(column.field)).collect()
    }
}

/// Finds the header and the separator. Returns the rows below the header.
pub(super) fn locate<'a>(text: &'a str, format: &StatementFormat) -> Result<(Rows<'a>, Places), Violations> {
    if text.trim().is_empty() {
        return Err(Violation::new("statement", Code::Required, "the file is empty").into());
    }
    let mut nearest: Option<Vec<&StatementColumn>> = None;
    for separator in SEPARATORS {
        let mut rows = Rows::new(text, separator);
        for _ in 0..format.limits.rows_to_header {
            let Some(row) = rows.next() else { break };
            let places = Places::find(&row?.cells, &format.columns);
            let missing = places.missing(&format.columns);
            if missing.is_empty() && !places.0.is_empty() {
                require_closed_quotes(text, separator)?;
                return Ok((rows, places));
            }
            if nearest.as_ref().is_none_or(|nearest| missing.len() < nearest.len()) {
                nearest = Some(missing);
            }
        }
    }
    // An unclosed quote above the header would hide it.
    for separator in SEPARATORS {
        require_closed_quotes(text, separator)?;
    }
    let mut violations = Violations::new();
    for column in nearest.unwrap_or_default() {
        let names = column.names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(" or ");
        let field = format!("statement.{}", column.field.name());
        violations.push(Violation::new(field, Code::Required, format!("the file has no column {names}")));
    }
    if violations.iter().next().is_none() {
        violations.push(Violation::new("statement", Code::Malformed, "the file has no header"));
    }
    Err(violations)
}

/// `Receipt No.` and `receipt_no` are the same name.
fn normalised(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}
