use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::{format::StatementFormat, statement::StatementPeriod};
use crate::kernel::{Code, Currency};

/// The maximum number of digits before the point. Longer numbers are not amounts, and would not sum exactly.
const MAX_WHOLE_DIGITS: usize = 15;

/// As [`amount`], with the currency before or after it: `KES 1,230.00`, `1,230.00 KES`, and for shillings
/// `KSh 1,230.00`. The name of another currency is refused.
pub(super) fn amount_in(text: &str, decimal_comma: bool, currency: Currency) -> Result<Decimal, Code> {
    let text = text.trim();
    let (sign, unsigned) = match text.strip_prefix(['-', '−', '+']) {
        Some(rest) => (text.strip_suffix(rest).unwrap_or_default(), rest.trim_start()),
        None => ("", text),
    };
    let names: &[&str] = if currency == Currency::KES { &["KSH.", "KSHS", "KSH"] } else { &[] };
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '(' | '-' | '−' | '+');
    let named = [currency.code()].into_iter().chain(names.iter().copied()).find_map(|name| {
        let start = unsigned.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name));
        let behind = unsigned.len().checked_sub(name.len()).and_then(|at| unsigned.get(at..));
        let behind = behind.filter(|end| end.eq_ignore_ascii_case(name));
        match (start, behind) {
            (Some(start), _) => unsigned.strip_prefix(start).map(str::trim),
            (None, Some(end)) => unsigned.strip_suffix(end).map(str::trim),
            (None, None) => None,
        }
    });
    match named.filter(|rest| rest.starts_with(is_digit)) {
        Some(rest) => amount(&format!("{sign}{rest}"), decimal_comma),
        None => amount(text, decimal_comma),
    }
}

/// Parses `2,738.00`, `-2738`, `(2 738.00)`, `2738-`. Digits are grouped by three or not at all, so that
/// `2738,00` is not read as a quarter of a million.
pub(super) fn amount(text: &str, decimal_comma: bool) -> Result<Decimal, Code> {
    let text = text.trim();
    let bracketed = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let signed = text.strip_prefix(['-', '−']).or_else(|| text.strip_suffix('-'));
    let (digits, negative) = match (bracketed, signed) {
        (Some(digits), _) | (None, Some(digits)) => (digits, true),
        (None, None) => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let (mark, comma) = if decimal_comma { (',', '.') } else { ('.', ',') };
    let (whole, fraction) = match digits.trim().split_once(mark) {
        Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
        Some(_) => return Err(Code::Malformed),
        None => (digits.trim(), ""),
    };
    let whole = ungrouped(whole, comma).ok_or(Code::Malformed)?;
    if whole.is_empty() && fraction.is_empty() {
        return Err(Code::Malformed);
    }
    if whole.trim_start_matches('0').len() > MAX_WHOLE_DIGITS {
        return Err(Code::OutOfRange);
    }
    let amount = Decimal::from_str_exact(&format!("0{whole}.{fraction}0")).map_err(|_| Code::Malformed)?;
    Ok(if negative && !amount.is_zero() { -amount } else { amount })
}

/// The digits without separators; `None` if they are not grouped by three.
fn ungrouped(whole: &str, comma: char) -> Option<String> {
    let is_separator = |c: char| c == comma || c == '\'' || c.is_whitespace();
    let Some(separator) = whole.chars().find(|c| is_separator(*c)) else {
        return whole.bytes().all(|byte| byte.is_ascii_digit()).then(|| whole.to_owned());
    };
    let mut groups = whole.split(separator);
    let first = groups.next().filter(|first| is_digits(first) && first.len() <= 3)?;
    groups.try_fold(first.to_owned(), |digits, group| {
        (is_digits(group) && group.len() == 3).then(|| digits + group)
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses a time or a day, as the period that it covers: a second, or a day in the format's zone.
pub(super) fn moment(text: &str, format: &StatementFormat) -> Result<StatementPeriod, Code> {
    // Spreadsheets write a zero fraction of a second.
    let whole = text.trim_end_matches('0').strip_suffix('.').filter(|whole| whole.contains(':'));
    let text = whole.unwrap_or(text);
    let second = |from: DateTime<Utc>| StatementPeriod { from, until: from + TimeDelta::seconds(1) };
    if let Some(at) = DateTime::parse_from_rfc3339(text).ok().filter(|at| is_recent(at.date_naive())) {
        return Ok(second(at.to_utc()));
    }
    for pattern in &format.date_formats {
        if let Some(at) = NaiveDateTime::parse_from_str(text, pattern).ok().filter(|at| is_recent(at.date()))
        {
            return in_zone(at, format.zone).map(second).ok_or(Code::OutOfRange);
        }
        if let Some(day) = NaiveDate::parse_from_str(text, pattern).ok().filter(|day| is_recent(*day)) {
            return whole_day(day, format.zone).ok_or(Code::OutOfRange);
        }
    }
    Err(Code::Malformed)
}

/// Whether the year has its century: `%Y` reads `26` as the year 26.
fn is_recent(day: NaiveDate) -> bool {
    (1970..=9998).contains(&day.year())
}

fn whole_day(day: NaiveDate, zone: Tz) -> Option<StatementPeriod> {
    let begin = |day: NaiveDate| {
        // In some zones, clocks go forward at midnight.
        (0..24).find_map(|hour| in_zone(day.and_hms_opt(hour, 0, 0)?, zone))
    };
    Some(StatementPeriod { from: begin(day)?, until: begin(day.checked_add_days(Days::new(1))?)? })
}

/// The earlier moment where a local time occurs twice; `None` if a clock change skips it.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
        LocalResult::None => None,
    }
}
