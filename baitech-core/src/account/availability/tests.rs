use proptest::prelude::*;

use chrono::Datelike;

use super::*;

fn time(text: &str) -> TimeOfDay {
    text.parse().unwrap()
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn exception(date: NaiveDate, start: TimeOfDay, end: TimeOfDay, is_available: bool) -> AvailabilityException {
    AvailabilityException { element: None, date, start, end, is_available, reason: None }
}

#[test]
fn times_are_read_and_written() {
    for text in ["00:00", "09:05", "23:59", "24:00"] {
        assert_eq!(time(text).to_string(), text);
    }
    assert_eq!(time("9:30"), time("09:30"));
    for text in
        ["", "9", "24:01", "23:60", "25:00", "-1:00", "+1:00", "09:5", "09:005", "009:00", " 9:30", "９:30"]
    {
        assert_eq!(text.parse::<TimeOfDay>().unwrap_err().code, Code::Malformed, "{text:?}");
    }
    assert!(time("09:45").is_quarter() && !time("09:50").is_quarter());
}

#[test]
fn skipped_times_map_to_the_end_of_the_gap() {
    let day = date("2026-03-29");
    for text in ["02:00", "02:07", "02:30", "02:59", "03:00"] {
        assert_eq!(time(text).on(day, Tz::Europe__Berlin), moment("2026-03-29T01:00:00Z"), "{text}");
    }
    // Samoa had no 30 December 2011.
    let samoa = time("10:00").on(date("2011-12-30"), Tz::Pacific__Apia);
    assert_eq!(samoa, moment("2011-12-30T10:00:00Z"));
}

#[test]
fn ambiguous_times_map_to_the_first() {
    let on = |text| time(text).on(date("2026-10-25"), Tz::Europe__Berlin);
    assert_eq!(on("02:30"), moment("2026-10-25T00:30:00Z"));
    assert_eq!(on("03:00"), moment("2026-10-25T02:00:00Z"));
}

#[test]
fn slots_that_meet_reach_across_midnight() {
    let late = WeeklySlot::new(Weekday::Mon, time("20:00"), TimeOfDay::END_OF_DAY);
    let early = WeeklySlot::new(Weekday::Tue, TimeOfDay::MIDNIGHT, time("04:00"));
    let (start, end) = (moment("2026-03-02T19:00:00Z"), moment("2026-03-03T01:00:00Z"));
    let covers = |weekly| Availability { weekly, exceptions: vec![] }.covers(start, end, Tz::Africa__Nairobi);
    assert!(covers(vec![late.clone(), early.clone()]));
    assert!(covers(vec![early.clone(), late.clone()]));
    assert!(!covers(vec![late.clone()]));
    assert!(!covers(vec![late, WeeklySlot { is_available: false, ..early }]));
}

#[test]
fn hours_over_midnight_are_split_between_two_days() {
    let day = |n| Weekday::try_from(n).unwrap();
    let saturday_night = WeeklySlot::new(Weekday::Sat, time("22:00"), time("02:00"));
    let evening = WeeklySlot::new(Weekday::Mon, time("18:00"), time("00:00"));
    let night_off = exception(date("2026-12-31"), time("23:00"), time("01:00"), false);
    let hours = Availability { weekly: vec![saturday_night, evening], exceptions: vec![night_off] };
    let split = hours.split_at_midnight();
    let expected = [
        WeeklySlot::new(day(5), time("22:00"), time("24:00")),
        WeeklySlot::new(day(6), time("00:00"), time("02:00")),
        WeeklySlot::new(day(0), time("18:00"), time("24:00")),
    ];
    assert_eq!(split.weekly, expected);
    assert_eq!(
        split.exceptions,
        [
            exception(date("2026-12-31"), time("23:00"), time("24:00"), false),
            exception(date("2027-01-01"), time("00:00"), time("01:00"), false),
        ]
    );
    assert_eq!(split.clone().split_at_midnight(), split, "stored hours stay as they are");
}

#[test]
fn split_removes_duplicate_slots() {
    let weekly = vec![
        WeeklySlot::new(Weekday::Mon, time("22:00"), time("02:00")),
        WeeklySlot::new(Weekday::Tue, time("00:00"), time("02:00")),
    ];
    let split = Availability { weekly, exceptions: vec![] }.split_at_midnight();
    assert_eq!(split.weekly.len(), 2);
}

#[test]
fn exceptions_override_the_week_and_one_another() {
    let day = date("2026-03-02");
    let covers = |exceptions: &[(&str, &str, bool)], start: &str, end: &str| {
        let mut hours = Availability::on_weekdays(&[Weekday::Mon], time("08:00"), time("18:00"));
        let exceptions = exceptions.iter().map(|(from, to, on)| exception(day, time(from), time(to), *on));
        hours.exceptions = exceptions.collect();
        let zone = Tz::Africa__Nairobi;
        hours.covers(time(start).on(day, zone), time(end).on(day, zone), zone)
    };
    let off = [("12:00", "13:00", false)];
    assert!(covers(&off, "08:00", "12:00") && covers(&off, "13:00", "18:00"));
    assert!(!covers(&off, "11:00", "14:00") && !covers(&off, "12:00", "12:15"));
    let extra = [("18:00", "21:00", true)];
    assert!(covers(&extra, "17:00", "21:00") && !covers(&extra, "17:00", "21:15"));
    let later_wins = [("08:00", "18:00", false), ("10:00", "12:00", true)];
    assert!(covers(&later_wins, "10:00", "12:00") && !covers(&later_wins, "09:45", "12:00"));
    let earlier_loses = [("10:00", "12:00", true), ("08:00", "18:00", false)];
    assert!(!covers(&earlier_loses, "10:00", "12:00"));
}

#[test]
fn all_day_hours_cover_a_clock_change() {
    let always = Availability::on_weekdays(
        &[Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun],
        TimeOfDay::MIDNIGHT,
        TimeOfDay::END_OF_DAY,
    );
    for (zone, around) in ODD_DAYS {
        let middle = moment(around);
        let (start, end) = (middle - TimeDelta::days(3), middle + TimeDelta::days(3));
        assert!(always.covers(start, end, zone), "{zone}");
    }
}

#[test]
fn empty_span_needs_no_hours() {
    let noon = moment("2026-03-02T12:00:00Z");
    assert!(Availability::default().covers(noon, noon, Tz::UTC));
    assert!(!Availability::default().covers(noon, noon + TimeDelta::seconds(1), Tz::UTC));
}

/// Days with a clock change of every kind: by an hour, half an hour, across midnight, by a whole day.
const ODD_DAYS: [(Tz, &str); 9] = [
    (Tz::Africa__Nairobi, "2026-03-02T00:00:00Z"),
    (Tz::Europe__Berlin, "2026-03-29T01:00:00Z"),
    (Tz::Europe__Berlin, "2026-10-25T01:00:00Z"),
    (Tz::America__New_York, "2026-03-08T07:00:00Z"),
    (Tz::America__Havana, "2026-11-01T05:00:00Z"),
    (Tz::America__St_Johns, "2010-11-07T02:31:00Z"),
    (Tz::Africa__Cairo, "2026-04-23T22:00:00Z"),
    (Tz::Australia__Lord_Howe, "2026-04-04T15:00:00Z"),
    (Tz::Pacific__Apia, "2011-12-30T10:00:00Z"),
];

/// The clock of a zone, minute by minute, from some days before a clock change.
struct Clockwork {
    first: DateTime<Utc>,
    /// The local time at each minute.
    shown: Vec<chrono::NaiveDateTime>,
}

impl Clockwork {
    fn around(middle: DateTime<Utc>, zone: Tz) -> Self {
        let first = middle - TimeDelta::days(3);
        let minutes = (0..6 * 24 * 60).map(TimeDelta::minutes);
        Self { first, shown: minutes.map(|m| (first + m).with_timezone(&zone).naive_local()).collect() }
    }

    /// The first minute at which the clock shows this time or a later one.
    fn reaches(&self, date: NaiveDate, time: TimeOfDay) -> usize {
        let local = date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::from(time.minutes()));
        self.shown.iter().position(|shown| *shown >= local).unwrap_or(self.shown.len())
    }

    /// For each minute, whether a technician with these hours works.
    fn works(&self, hours: &Availability) -> Vec<bool> {
        let mut works = vec![false; self.shown.len()];
        let mut paint = |date, start, end, value| {
            let (from, to) = (self.reaches(date, start), self.reaches(date, end));
            works[from.min(to)..to].fill(value);
        };
        for date in self.shown[0].date().iter_days().take(8) {
            let weekday = date.weekday().num_days_from_sunday();
            for slot in hours.weekly.iter().filter(|s| s.is_available && u32::from(s.day_of_week) == weekday)
            {
                paint(date, slot.start, slot.end, true);
            }
        }
        for exception in &hours.exceptions {
            paint(exception.date, exception.start, exception.end, exception.is_available);
        }
        works
    }
}

fn times() -> impl Strategy<Value = TimeOfDay> {
    prop_oneof![
        Just(TimeOfDay::MIDNIGHT),
        Just(TimeOfDay::END_OF_DAY),
        (0_u8..24, 0_u8..12).prop_map(|(hour, five)| TimeOfDay::new(hour, five * 5).unwrap()),
    ]
}

prop_compose! {
    fn weeks()(
        slots in prop::collection::vec((0_u8..7, times(), times(), prop::bool::weighted(0.9)), 0..16),
    ) -> Vec<WeeklySlot> {
        let slot = |(day_of_week, start, end, is_available)| {
            WeeklySlot { element: None, day_of_week, start, end, is_available }
        };
        slots.into_iter().map(slot).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn splitting_at_midnight_loses_and_adds_no_minute(start in times(), end in times()) {
        let minutes = |span: &std::ops::Range<TimeOfDay>| {
            i32::from(span.end.minutes()) - i32::from(span.start.minutes())
        };
        let (from, to) = (i32::from(start.minutes()), i32::from(end.minutes()));
        match TimeOfDay::split_at_midnight(start, end) {
            None => prop_assert!(from == 24 * 60 || (from == to && to > 0)),
            Some((today, tomorrow)) => {
                let length = if to > from { to - from } else { to + 24 * 60 - from };
                prop_assert_eq!(minutes(&today) + tomorrow.as_ref().map_or(0, minutes), length);
                prop_assert!(today.start < today.end);
                prop_assert_eq!(today.start, start);
                prop_assert!(
                    tomorrow.is_none_or(|next| next.start == TimeOfDay::MIDNIGHT && next.start < next.end)
                );
            }
        }
    }

    #[test]
    fn hours_match_a_minute_by_minute_clock(
        (zone, around) in prop::sample::select(ODD_DAYS.to_vec()),
        weekly in weeks(),
        dated in prop::collection::vec((-1_i64..=1, times(), times(), any::<bool>()), 0..4),
        spans in prop::collection::vec((1_600_usize..6_000, 1_usize..1_000), 40),
    ) {
        let middle = moment(around);
        let today = middle.with_timezone(&zone).date_naive();
        let dated = dated
            .into_iter()
            .map(|(day, start, end, on)| exception(today + TimeDelta::days(day), start, end, on));
        let hours = Availability { weekly, exceptions: dated.collect() };
        let clock = Clockwork::around(middle, zone);
        let works = clock.works(&hours);
        for (from, length) in spans {
            let minute = |index: usize| clock.first + TimeDelta::minutes(i64::try_from(index).unwrap());
            // Starts where hours begin, so that spans within hours are as common as others.
            let from = (from..from + 600).find(|minute| works[*minute] && !works[*minute - 1]).unwrap_or(from);
            let length = length.min(works[from..].iter().take_while(|works| **works).count() + 1).max(1);
            for length in [length, length.saturating_sub(1).max(1)] {
                let expected = works[from..from + length].iter().all(|works| *works);
                prop_assert_eq!(
                    hours.covers(minute(from), minute(from + length), zone), expected,
                    "{} from {} for {} min", zone, minute(from), length
                );
            }
        }
    }
}
