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

/// The hours of the series: 10:00 to 12:00 in Nairobi, from 7:00 UTC.
fn slot() -> TimeSlot {
    let [from, to] = ["10:00", "12:00"].map(|time| time.parse().unwrap());
    TimeSlot::new(first(), from, to, chrono_tz::Tz::Africa__Nairobi).unwrap()
}

fn series(rule: &str) -> Result<Recurrence, Violation> {
    Recurrence::new(rule, &slot(), &BookingPolicy::default())
}

fn days(rule: &str) -> Vec<String> {
    let rule = series(rule).unwrap().rule;
    occurrences(&rule, first(), &slot(), 5).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn a_rule_is_read_in_any_case_with_or_without_its_name() {
    for rule in [
        "FREQ=WEEKLY;COUNT=2",
        "RRULE:FREQ=WEEKLY;COUNT=2",
        " rrule:freq=weekly;count=2 ",
        "FREQ=WEEKLY;COUNT=2;",
    ] {
        assert_eq!(series(rule).unwrap().rule, "FREQ=WEEKLY;COUNT=2");
    }
}

#[test]
fn an_end_that_is_a_day_includes_that_day() {
    assert_eq!(days("FREQ=WEEKLY;UNTIL=20260317"), ["2026-03-03", "2026-03-10", "2026-03-17"]);
    assert_eq!(days("FREQ=WEEKLY;UNTIL=20260316"), ["2026-03-03", "2026-03-10"]);
}

#[test]
fn an_end_with_a_time_is_compared_with_the_start_of_each_occurrence() {
    let (without, with) = (vec!["2026-03-03", "2026-03-10"], vec!["2026-03-03", "2026-03-10", "2026-03-17"]);
    for (until, expected) in [
        ("20260317T000000Z", &without),
        ("20260317T065959Z", &without),
        ("20260317T070000Z", &with),
        ("20260317T095959", &without),
        ("20260317T100000", &with),
        ("20260317T235959Z", &with),
    ] {
        assert_eq!(days(&format!("FREQ=WEEKLY;UNTIL={until}")), *expected, "{until}");
    }
}

#[test]
fn a_series_at_ten_in_nairobi_that_ends_at_6_59_utc_excludes_that_day() {
    let rule = "FREQ=WEEKLY;UNTIL=20260331T065900Z";
    assert_eq!(days(rule).last().map(String::as_str), Some("2026-03-24"));
}

#[test]
fn an_unreadable_end_names_the_accepted_forms() {
    for until in
        ["", "tomorrow", "2026-03-31", "20260331T10", "20260331T100000+0300", "20261331", "20260331T250000Z"]
    {
        let violation = series(&format!("FREQ=WEEKLY;UNTIL={until}")).unwrap_err();
        assert_eq!(violation.code, Code::Malformed, "{until}");
        assert!(violation.message.contains("20261231T100000"), "{until}: {}", violation.message);
    }
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
fn invalid_rules_are_refused() {
    let many = format!(
        "FREQ=MONTHLY;BYMONTHDAY={}",
        (1..=32).map(|day| day.to_string()).collect::<Vec<_>>().join(",")
    );
    let long = format!("FREQ=WEEKLY;COUNT={}2", "0".repeat(200));
    for (rule, code) in [
        ("", Code::Malformed),
        ("every week", Code::Malformed),
        ("FREQ=WEEKLY;;COUNT=2", Code::Malformed),
        (";", Code::Malformed),
        ("FREQ=WEEKLY;BYHOUR=1,2,3;COUNT=2", Code::Malformed),
        ("FREQ=MONTHLY;BYMONTH=3", Code::Malformed),
        ("FREQ=WEEKLY;FREQ=WEEKLY", Code::Malformed),
        ("FREQ=WEEKLY\nDTSTART:20260303T000000Z", Code::Malformed),
        ("FREQ=WEEKLY;BYDAY=TU,TU", Code::Malformed),
        ("FREQ=MONTHLY;BYDAY=TU,1SU", Code::Malformed),
        ("FREQ=WEEKLY;BYDAY=TU;BYSETPOS=7", Code::Malformed),
        ("FREQ=YEARLY", Code::OutOfRange),
        ("FREQ=WEEKLY;INTERVAL=0", Code::OutOfRange),
        ("FREQ=WEEKLY;UNTIL=20260301", Code::Order),
        ("FREQ=WEEKLY;UNTIL=20260303T065959Z", Code::Order),
        (&many, Code::TooMany),
        (&long, Code::TooLong),
    ] {
        let violation = series(rule).unwrap_err();
        assert_eq!((&*violation.field, violation.code), ("recurrence", code), "{rule}");
    }
}

#[test]
fn a_rule_that_does_not_yield_the_first_day_is_refused() {
    assert_eq!(series("FREQ=WEEKLY;BYDAY=WE;COUNT=3").unwrap_err().code, Code::OutOfRange);
    assert_eq!(series("FREQ=MONTHLY;BYMONTHDAY=4").unwrap_err().code, Code::OutOfRange);
}

#[test]
fn a_rule_that_yields_no_day_is_not_searched_forever() {
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
    fn a_rule_begins_on_a_day_that_it_yields(
        weekly in any::<bool>(),
        weekdays in subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU", "2MO", "-1TU", "1SU"], 0..4),
        month_days in subsequence(vec![1, 2, 3, 15, 28, 31, -1, -3, -15, -31], 0..4),
        positions in subsequence(vec![1, 2, 3, -1, -2], 0..3),
        week_start in select(vec!["MO", "SU", "WE"]),
        day in 0_u64..400,
    ) {
        let mut rule = format!("FREQ={};WKST={week_start}", if weekly { "WEEKLY" } else { "MONTHLY" });
        let list = |name, values: Vec<String>| format!(";{name}={}", values.join(","));
        let weekdays = weekdays
            .iter()
            .filter(|day| !weekly || day.len() == 2)
            .map(ToString::to_string)
            .collect::<Vec<_>>();
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
            let days = occurrences(&rule, first, &slot(), 1).unwrap();
            prop_assert_eq!(days.first(), Some(&first), "{}", rule);
        }
    }

    #[test]
    fn a_series_stops_at_its_end(
        zone in select(vec![chrono_tz::Tz::Africa__Nairobi, chrono_tz::Tz::Europe__Berlin, chrono_tz::Tz::America__Los_Angeles]),
        quarter in 0_u8..92,
        interval in 1_i64..4,
        end_minutes in 0_i64..(200 * 24 * 60),
    ) {
        let time = |quarter: u8| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15).parse().unwrap();
        let Ok(slot) = TimeSlot::new(first(), time(quarter), time(quarter + 4), zone) else {
            return Ok(());
        };
        let until = slot.starts_at() + chrono::TimeDelta::minutes(end_minutes);
        let rule = format!("FREQ=WEEKLY;INTERVAL={interval};UNTIL={}", until.format("%Y%m%dT%H%M%SZ"));
        let naive: Vec<_> = (0..)
            .map(|n| first() + chrono::TimeDelta::weeks(n * interval))
            .take_while(|day| slot.start.on(*day, zone) <= until)
            .take(52)
            .collect();
        prop_assert_eq!(
            occurrences(&rule, first(), &slot, 52).unwrap(),
            naive,
            "{} at {} in {}",
            rule,
            slot.start,
            zone
        );
    }
}
