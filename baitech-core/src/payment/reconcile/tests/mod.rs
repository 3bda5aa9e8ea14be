use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::*;
use crate::kernel::{Code, Currency, Money, Violations};

mod accounting;
mod cells;
mod compare;
mod parse;
mod presets;

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn kes(text: &str) -> Money {
    Money::new(text.parse::<Decimal>().unwrap(), Currency::KES)
}

fn parse(text: &str, format: &StatementFormat) -> Result<ParsedStatement, Violations> {
    parse_statement(text.as_bytes(), format, Currency::KES)
}

fn found(result: Result<ParsedStatement, Violations>) -> Vec<(String, Code)> {
    let violations = result.expect_err("violations");
    violations.iter().map(|violation| (violation.field.to_string(), violation.code)).collect()
}

fn at(field: &str, code: Code) -> (String, Code) {
    (field.to_owned(), code)
}
