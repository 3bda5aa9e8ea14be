use chrono_tz::Tz;
use proptest::prelude::*;

use super::{super::cell, *};

#[test]
fn common_notations_of_amounts_are_parsed() {
    let read = |text| cell::amount(text, false).map(|amount| amount.to_string());
    let read = |text| read(text).map(|text| text.parse::<Decimal>().unwrap().normalize().to_string());
    for (text, expected) in [
        ("2738", "2738"),
        ("2,738.00", "2738"),
        ("-2,738.50", "-2738.5"),
        ("−5", "-5"),
        ("5-", "-5"),
        ("+5", "5"),
        ("(1,234,567.89)", "-1234567.89"),
        ("2 738.00", "2738"),
        ("2\u{a0}738", "2738"),
        ("2'738", "2738"),
        (".50", "0.5"),
        ("0.00", "0"),
        ("-0.00", "0"),
        ("000000000000000000001", "1"),
        ("999999999999999", "999999999999999"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn malformed_amounts_are_refused() {
    for text in [
        "",
        "-",
        ".",
        "5.",
        "()",
        "abc",
        "1e5",
        "NaN",
        "2738,00",
        "27,38.00",
        "2,7380",
        ",738",
        "1,234 567",
        "1.2.3",
        "--5",
        "-5-",
        "(-5)",
        "KES 5",
        "٣",
        "0.00000000000000000000000000000001",
    ] {
        assert_eq!(cell::amount(text, false), Err(Code::Malformed), "{text}");
    }
    assert_eq!(cell::amount("1000000000000000", false), Err(Code::OutOfRange));
}

#[test]
fn amounts_may_name_their_own_currency_and_no_other() {
    use crate::kernel::Currency::{KES, USD};
    let read =
        |text, currency| cell::amount_in(text, false, currency).map(|amount| amount.normalize().to_string());
    for text in
        ["KES 1,230.00", "kes1230", "1,230.00 KES", "KSh 1,230", "Ksh. 1,230.0", "KSHS 1230", "1230.00"]
    {
        assert_eq!(read(text, KES).as_deref(), Ok("1230"), "{text}");
    }
    for text in ["-KES 5", "KES -5", "(5)", "KES (5)", "- 5 KES"] {
        assert_eq!(read(text, KES).as_deref(), Ok("-5"), "{text}");
    }
    for text in ["USD 5", "KES", "KES KES 5", "KESH 5", "5 USD", "KES five", "--KES 5", "-KES -5"] {
        assert_eq!(read(text, KES), Err(Code::Malformed), "{text}");
    }
    assert_eq!(read("USD 5", USD).as_deref(), Ok("5"));
    assert_eq!(read("KSh 5", USD), Err(Code::Malformed));
}

#[test]
fn a_decimal_comma_is_parsed_if_the_format_has_one() {
    let read = |text| cell::amount(text, true);
    assert_eq!(read("2.738,50"), Ok(Decimal::new(273_850, 2)));
    assert_eq!(read("2738,50"), Ok(Decimal::new(273_850, 2)));
    assert_eq!(read("2738.50"), Err(Code::Malformed));
}

fn covered(text: &str, format: &StatementFormat) -> Result<(String, String), Code> {
    cell::moment(text, format).map(|period| (period.from.to_rfc3339(), period.until.to_rfc3339()))
}

#[test]
fn moments_are_read_in_the_zone_of_the_format() {
    let format = StatementFormat::generic();
    let second = ("2026-03-02T07:30:00+00:00".to_owned(), "2026-03-02T07:30:01+00:00".to_owned());
    for text in [
        "2026-03-02T07:30:00Z",
        "2026-03-02T10:30:00+03:00",
        "2026-03-02 10:30:00",
        "2026-03-02 10:30",
        "02-03-2026 10:30:00",
        "2/3/2026 10:30",
        "02/03/26 10:30:00",
        "2 Mar 2026 10:30",
        "02/03/26 10:30 AM",
        "02/03/2026 10:30:00 am",
        "2026-03-02T10:30:00",
        "2026-03-02T10:30",
        "2026-03-02 10:30:00.0",
        "2026-03-02T10:30:00.000",
    ] {
        assert_eq!(covered(text, &format), Ok(second.clone()), "{text}");
    }
    let day = ("2026-03-01T21:00:00+00:00".to_owned(), "2026-03-02T21:00:00+00:00".to_owned());
    for text in ["2026-03-02", "02/03/2026", "02.03.2026", "02-Mar-2026"] {
        assert_eq!(covered(text, &format), Ok(day.clone()), "{text}");
    }
}

#[test]
fn malformed_moments_are_refused() {
    let format = StatementFormat::generic();
    for text in
        ["", "yesterday", "2026-02-30", "2026-03-02 25:00", "31/31/2026", "0026-03-02", "+262142-01-01"]
    {
        assert_eq!(covered(text, &format), Err(Code::Malformed), "{text}");
    }
}

#[test]
fn a_time_skipped_by_a_clock_change_is_out_of_range() {
    let london = StatementFormat { zone: Tz::Europe__London, ..StatementFormat::generic() };
    assert_eq!(covered("2026-03-29 01:30", &london), Err(Code::OutOfRange));
    let (from, until) = covered("2026-03-29", &london).unwrap();
    assert_eq!(moment(&until) - moment(&from), chrono::TimeDelta::hours(23));
    // In Beirut, clocks go from 00:00 to 01:00.
    let beirut = StatementFormat { zone: Tz::Asia__Beirut, ..StatementFormat::generic() };
    let (from, _) = covered("2026-03-29", &beirut).unwrap();
    assert_eq!(from, "2026-03-28T22:00:00+00:00");
}

proptest! {
    #[test]
    fn a_written_amount_round_trips(minor in -10_i64.pow(17)..10_i64.pow(17), grouped in any::<bool>()) {
        let amount = Decimal::new(minor, 2);
        let text = amount.abs().to_string();
        let (whole, fraction) = text.split_once('.').unwrap();
        let groups: Vec<_> =
            whole.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
        let sign = if minor < 0 { "-" } else { "" };
        let whole = groups.join(if grouped { "," } else { "" });
        prop_assert_eq!(cell::amount(&format!("{sign}{whole}.{fraction}"), false), Ok(amount));
    }

    #[test]
    fn no_cell_panics(
        text in "\\PC{0,30}|[-+(]?[0-9,.' ]{0,40}[-)]?|[0-9:/ TZ+.-]{0,30}",
        pattern in "\\PC{0,10}|(%[a-zA-Z ]){0,6}",
    ) {
        let mut format = StatementFormat::generic();
        for comma in [true, false] {
            if let Ok(amount) = cell::amount(&text, comma) {
                prop_assert!(amount.abs() < Decimal::from(10_i64.pow(15)));
            }
        }
        format.date_formats.push(pattern);
        if let Ok(period) = cell::moment(&text, &format) {
            prop_assert!(period.from < period.until);
        }
    }
}
