use proptest::{
    prelude::*,
    sample::{select, subsequence},
};

use super::*;
use crate::booking::{BookingPolicy, Recurrence};

/// Tuesday, 3 March 2026.
fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 3).unwrap()
}

fn series(rule: &str) -> Result<Recurrence, Violation> {
    Recurrence::new(rule, first(), &BookingPolicy::default())
}

fn days(rule: &str) -> Vec<String> {
    let rule = series(rule).unwrap().rule;
    occurrences(&rule, first(), 5).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn a_rule_is_read_in_any_case_with_or_without_its_name() {
    for rule in ["FREQ=WEEKLY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2", " rrule:freq=weekly;count=2 "] {
        assert_eq!(series(rule).unwrap().rule, "FREQ=WEEKLY;COUNT=2");
    }
}

#[test]
fn an_end_that_is_a_day_counts_that_day() {
    assert_eq!(days("FREQ=WEEKLY;UNTIL=20260317"), ["2026-03-03", "2026-03-10", "2026-03-17"]);
    assert_eq!(days("FREQ=WEEKLY;UNTIL=20260316"), ["2026-03-03", "2026-03-10"]);
    assert_eq!(days("FREQ=WEEKLY;UNTIL=20260317T000000Z"), ["2026-03-03", "2026-03-10", "2026-03-17"]);
}

#[test]
fn days_of_the_week_and_of_the_month_are_understood() {
    let expected = ["2026-03-03", "2026-03-05", "2026-03-17", "2026-03-19"];
    assert_eq!(days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=4;WKST=MO"), expected);
    assert_eq!(days("FREQ=MONTHLY;BYMONTHDAY=3,-1;COUNT=3"), ["2026-03-03", "2026-03-31", "2026-04-03"]);
    assert_eq!(days("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1;COUNT=2"), ["2026-03-03", "2026-04-07"]);
    assert_eq!(days("FREQ=MONTHLY;BYDAY=1TU;COUNT=2"), ["2026-03-03", "2026-04-07"]);
}

#[test]
fn what_is_no_rule_of_days_is_refused() {
    let many = format!(
        "FREQ=MONTHLY;BYMONTHDAY={}",
        (1..=32).map(|day| day.to_string()).collect::<Vec<_>>().join(",")
    );
    let long = format!("FREQ=WEEKLY;COUNT={}2", "0".repeat(200));
    for (rule, code) in [
        ("", Code::Malformed),
        ("every week", Code::Malformed),
        ("FREQ=WEEKLY;", Code::Malformed),
        ("FREQ=WEEKLY;BYHOUR=1,2,3;COUNT=2", Code::Malformed),
        ("FREQ=MONTHLY;BYMONTH=3", Code::Malformed),
        ("FREQ=WEEKLY;FREQ=WEEKLY", Code::Malformed),
        ("FREQ=WEEKLY\nDTSTART:20260303T000000Z", Code::Malformed),
        ("FREQ=WEEKLY;BYDAY=TU,TU", Code::Malformed),
        ("FREQ=MONTHLY;BYDAY=TU,1SU", Code::Malformed),
        ("FREQ=WEEKLY;BYDAY=TU;BYSETPOS=7", Code::Malformed),
        ("FREQ=YEARLY", Code::OutOfRange),
        ("FREQ=WEEKLY;INTERVAL=0", Code::OutOfRange),
        ("FREQ=WEEKLY;UNTIL=20260301", Code::Malformed),
        (&many, Code::TooMany),
        (&long, Code::TooLong),
    ] {
        let violation = series(rule).unwrap_err();
        assert_eq!((&*violation.field, violation.code), ("recurrence", code), "{rule}");
    }
}

#[test]
fn a_rule_counts_from_the_first_day_or_is_refused() {
    assert_eq!(series("FREQ=WEEKLY;BYDAY=WE;COUNT=3").unwrap_err().code, Code::OutOfRange);
    assert_eq!(series("FREQ=MONTHLY;BYMONTHDAY=4").unwrap_err().code, Code::OutOfRange);
}

#[test]
fn a_rule_that_gives_no_day_is_not_searched_to_the_end_of_time() {
    for rule in [
        "FREQ=MONTHLY;BYMONTHDAY=3;BYSETPOS=2",
        "FREQ=MONTHLY;BYMONTHDAY=30;BYSETPOS=2",
        "FREQ=MONTHLY;BYDAY=1TU;BYMONTHDAY=20",
        "FREQ=MONTHLY;BYDAY=-1TU;INTERVAL=12",
    ] {
        assert!(!begins_on(&parse(rule).unwrap(), first()), "{rule}");
        assert_eq!(series(rule).unwrap_err().code, Code::OutOfRange, "{rule}");
    }
}

proptest! {
    #[test]
    fn a_rule_begins_on_a_day_that_it_gives(
        weekly in any::<bool>(),
        weekdays in subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU", "2MO", "-1TU", "1SU"], 0..4),
        month_days in subsequence(vec![1, 2, 3, 15, 28, 31, -1, -3, -15, -31], 0..4),
        positions in subsequence(vec![1, 2, 3, -1, -2], 0..3),
        week_start in select(vec!["MO", "SU", "WE"]),
        day in 0_u64..400,
    ) {
        let mut rule = format!("FREQ={};WKST={week_start}", if weekly { "WEEKLY" } else { "MONTHLY" });
        let list = |name, values: Vec<String>| format!(";{name}={}", values.join(","));
        let weekdays = weekdays.iter().filter(|day| !weekly || day.len() == 2).map(ToString::to_string).collect::<Vec<_>>();
        if !weekdays.is_empty() {
            rule += &list("BYDAY", weekdays.clone());
        }
        if !weekly && !month_days.is_empty() {
            rule += &list("BYMONTHDAY", month_days.iter().map(ToString::to_string).collect());
        }
        if !positions.is_empty() && rule.contains(";BY") {
            rule += &list("BYSETPOS", positions.iter().map(ToString::to_string).collect());
        }
        let first = first().checked_add_days(Days::new(day)).unwrap();
        let parsed = parse(&rule).unwrap();
        if begins_on(&parsed, first) && !is_ambiguous(&parsed) {
            let days = occurrences(&rule, first, 1).unwrap();
            prop_assert_eq!(days.first(), Some(&first), "{}", rule);
        }
    }
}
