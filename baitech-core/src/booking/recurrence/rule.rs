//! Which rules a series may go by. They come from anybody, and some that are short to write take long to work out.

use chrono::{Datelike, NaiveDate, TimeZone};
use rrule::{RRule, RRuleSet, Unvalidated};

use crate::kernel::{Code, Violation};

/// The longest rule, in characters.
const MAX_CHARS: usize = 200;
/// The most values of one part: the days of a month.
const MAX_VALUES: usize = 31;
/// The parts that a rule of days can have; those of months and of hours would only multiply what has to be worked out.
const PARTS: [&str; 8] = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "WKST"];

pub(super) fn violation(code: Code, message: impl Into<String>) -> Violation {
    Violation::new("recurrence", code, message.into())
}

/// A rule in the form in which it is kept: capitals, without a name before it, and with an end that counts the whole last day.
///
/// # Errors
/// A [`Violation`] of `recurrence` for whatever could not be a rule of days.
pub(super) fn normalize(rule: &str) -> Result<String, Violation> {
    if rule.chars().nth(MAX_CHARS).is_some() {
        return Err(violation(Code::TooLong, format!("a rule has at most {MAX_CHARS} characters")));
    }
    let rule = rule.trim().to_ascii_uppercase();
    let mut seen: Vec<&str> = Vec::new();
    let mut parts = Vec::new();
    for part in rule.strip_prefix("RRULE:").unwrap_or(&rule).split(';') {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if !PARTS.contains(&name) || seen.contains(&name) {
            let message = format!("a rule has each of {} at most once, and nothing else", PARTS.join(", "));
            return Err(violation(Code::Malformed, message));
        }
        seen.push(name);
        check_values(value)?;
        let is_day = name == "UNTIL" && value.len() == 8;
        parts.push(if is_day { format!("{part}T235959Z") } else { part.to_owned() });
    }
    Ok(parts.join(";"))
}

fn check_values(value: &str) -> Result<(), Violation> {
    let mut values: Vec<&str> = value.split(',').collect();
    if values.len() > MAX_VALUES {
        return Err(violation(Code::TooMany, format!("a part of a rule has at most {MAX_VALUES} values")));
    }
    values.sort_unstable();
    if values.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(violation(Code::Malformed, "a part of a rule names each value once"));
    }
    Ok(())
}

/// A rule that can be read.
pub(super) fn parse(normalized: &str) -> Option<RRule<Unvalidated>> {
    normalized.parse().ok()
}

/// The days of a series, at most so many; `None` for a rule that gives none from that day on.
pub(super) fn occurrences(rule: &str, first: NaiveDate, most: u16) -> Option<Vec<NaiveDate>> {
    let start =
        rrule::Tz::UTC.with_ymd_and_hms(first.year(), first.month(), first.day(), 0, 0, 0).single()?;
    let set: RRuleSet = parse(&normalize(rule).ok()?)?.build(start).ok()?;
    Some(set.all(most).dates.into_iter().map(|date| date.date_naive()).collect())
}

#[cfg(test)]
mod tests;
