//! The rules that a series may follow. They are untrusted input, and some short rules are expensive to
//! evaluate.

use chrono::{Datelike, Days, NaiveDate, TimeZone};
use rrule::{Frequency, NWeekday, RRule, RRuleSet, Unvalidated};

use super::until::Until;
use crate::{
    kernel::{Code, Violation},
    schedule::TimeSlot,
};

/// The maximum length of a rule, in characters.
const MAX_CHARS: usize = 200;
/// The maximum number of values in one part: one for each day of a month.
const MAX_VALUES: usize = 31;
/// The parts that a rule may have. Parts for months and hours would only multiply the work of evaluation.
const PARTS: [&str; 8] = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "WKST"];

/// The part that ends a rule.
const UNTIL: &str = "UNTIL";

pub(super) fn violation(code: Code, message: impl Into<String>) -> Violation {
    Violation::new("recurrence", code, message.into())
}

/// Normalizes a rule for storage: upper case, without a leading name and without a trailing semicolon.
///
/// # Errors
/// A [`Violation`] of `recurrence` for text that is no rule made of the supported parts.
pub(super) fn normalize(rule: &str) -> Result<String, Violation> {
    if rule.chars().nth(MAX_CHARS).is_some() {
        return Err(violation(Code::TooLong, format!("must have at most {MAX_CHARS} characters")));
    }
    let rule = rule.trim().to_ascii_uppercase();
    let mut seen: Vec<&str> = Vec::new();
    let mut parts = Vec::new();
    let rule = rule.strip_prefix("RRULE:").unwrap_or(&rule);
    for part in rule.strip_suffix(';').unwrap_or(rule).split(';') {
        if part.is_empty() {
            let message = "must have parts such as FREQ=WEEKLY, separated by single semicolons";
            return Err(violation(Code::Malformed, message));
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if !PARTS.contains(&name) || seen.contains(&name) {
            let message = format!("must have only the parts {}, each at most once", PARTS.join(", "));
            return Err(violation(Code::Malformed, message));
        }
        seen.push(name);
        check_values(value)?;
        if name == UNTIL {
            Until::parse(value)?;
        }
        parts.push(part);
    }
    Ok(parts.join(";"))
}

fn check_values(value: &str) -> Result<(), Violation> {
    let mut values: Vec<&str> = value.split(',').collect();
    if values.len() > MAX_VALUES {
        return Err(violation(Code::TooMany, format!("each part must have at most {MAX_VALUES} values")));
    }
    values.sort_unstable();
    if values.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(violation(Code::Malformed, "each part must name each value once"));
    }
    Ok(())
}

/// The end of a rule, if it names one.
///
/// # Errors
/// A [`Violation`] of `recurrence` for an end that cannot be parsed.
pub(super) fn until(normalized: &str) -> Result<Option<Until>, Violation> {
    let value = normalized.split(';').find_map(|part| part.strip_prefix(UNTIL)?.strip_prefix('='));
    value.map(Until::parse).transpose()
}

/// Parses a rule without its end. The end is compared with moments, but the rule yields days.
pub(super) fn parse(normalized: &str) -> Option<RRule<Unvalidated>> {
    let endless = normalized.split(';').filter(|part| !part.starts_with(UNTIL));
    endless.collect::<Vec<_>>().join(";").parse().ok()
}

/// Whether implementations disagree on the meaning of a rule: it names weekdays both with and without a
/// number (`FR,1SU`), or positions within a week, the first of which may be incomplete.
pub(super) fn is_ambiguous(rule: &RRule<Unvalidated>) -> bool {
    let numbered = |weekday: &&NWeekday| matches!(weekday, NWeekday::Nth(..));
    let count = rule.get_by_weekday().iter().filter(numbered).count();
    let mixed = count > 0 && count < rule.get_by_weekday().len();
    mixed || (rule.get_freq() == Frequency::Weekly && !rule.get_by_set_pos().is_empty())
}

/// Whether a rule yields the first day. Only the week or the month of that day is searched, since the search
/// for the days of a rule that yields none would not end.
pub(super) fn begins_on(rule: &RRule<Unvalidated>, first: NaiveDate) -> bool {
    let (start, length) = match rule.get_freq() {
        Frequency::Monthly => (first.with_day(1), first.num_days_in_month()),
        _ => (first.week(rule.get_week_start()).checked_first_day(), 7),
    };
    let days = (0..u64::from(length)).filter_map(|n| start?.checked_add_days(Days::new(n)));
    let days: Vec<_> = days.filter(|day| names(rule, *day, first)).collect();
    let place = |index: Option<usize>| index.and_then(|index| i32::try_from(index).ok()?.checked_add(1));
    let from_start = place(days.iter().position(|day| *day == first));
    let from_end = place(days.iter().rev().position(|day| *day == first)).and_then(i32::checked_neg);
    let wanted = rule.get_by_set_pos();
    from_start.is_some()
        && (wanted.is_empty() || [from_start, from_end].iter().flatten().any(|place| wanted.contains(place)))
}

/// Whether a rule names a day in the first day's week or month: by its weekday, by its day of the month, by
/// both, or as the first day itself.
fn names(rule: &RRule<Unvalidated>, day: NaiveDate, first: NaiveDate) -> bool {
    let (weekdays, month_days) = (rule.get_by_weekday(), rule.get_by_month_day());
    if weekdays.is_empty() && month_days.is_empty() {
        return day == first;
    }
    let before = i16::try_from(day.day0()).unwrap_or_default();
    let after = i16::from(day.num_days_in_month()) - before - 1;
    let named = |named: &NWeekday| match *named {
        NWeekday::Every(weekday) => weekday == day.weekday(),
        NWeekday::Nth(n, weekday) => {
            weekday == day.weekday() && (n == before / 7 + 1 || n == -(after / 7 + 1))
        }
    };
    let counted = |n: &i8| i16::from(*n) == before + 1 || i16::from(*n) == -(after + 1);
    (weekdays.is_empty() || weekdays.iter().any(named))
        && (month_days.is_empty() || month_days.iter().any(counted))
}

/// The days of a series at the hours of a slot, up to a maximum; `None` for a rule that yields none from that
/// day on.
pub(super) fn occurrences(
    rule: &str,
    first: NaiveDate,
    slot: &TimeSlot,
    most: u16,
) -> Option<Vec<NaiveDate>> {
    let start =
        rrule::Tz::UTC.with_ymd_and_hms(first.year(), first.month(), first.day(), 0, 0, 0).single()?;
    let rule = normalize(rule).ok()?;
    let until = until(&rule).ok()?;
    let set: RRuleSet = parse(&rule)?.build(start).ok()?;
    let days = set.all(most).dates.into_iter().map(|date| date.date_naive());
    Some(days.take_while(|day| until.is_none_or(|until| until.includes(*day, slot))).collect())
}

#[cfg(test)]
mod tests;
