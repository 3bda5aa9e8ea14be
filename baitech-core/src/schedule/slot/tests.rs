use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn time(text: &str) -> TimeOfDay {
    text.parse().unwrap()
}

fn slot(date: &str, start: &str, end: &str, zone: Tz) -> Result<TimeSlot, Violation> {
    TimeSlot::new(date.parse().unwrap(), time(start), time(end), zone)
}

#[test]
fn slots_are_on_quarter_hours_within_a_day() {
    let slot = |start, end| slot("2026-03-02", start, end, Tz::Africa__Nairobi);
    let morning = slot("09:15", "11:00").unwrap();
    assert_eq!(morning.estimated_minutes, 105);
    assert_eq!(morning.starts_at(), "2026-03-02T06:15:00Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!(morning.ends_at(), "2026-03-02T08:00:00Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!(
        slot("22:00", "24:00"),
        slot("22:00", "00:00"),
        "00:00 and 24:00 both mean the end of the day"
    );
    assert_eq!(slot("22:00", "00:00").unwrap().ends_at(), slot("22:00", "24:00").unwrap().ends_at());

    let wrong = [
        ("09:10", "11:00", "timeSlot.startTime", Code::Malformed),
        ("09:15", "11:01", "timeSlot.endTime", Code::Malformed),
        ("09:15", "09:15", "timeSlot.endTime", Code::Order),
        ("22:00", "02:00", "timeSlot.endTime", Code::Order),
        ("00:00", "00:00", "timeSlot.endTime", Code::Order),
        ("24:00", "24:00", "timeSlot.endTime", Code::Order),
    ];
    for (start, end, field, code) in wrong {
        let violation = slot(start, end).unwrap_err();
        assert_eq!((violation.field.as_ref(), violation.code), (field, code), "{start} to {end}");
    }
}

fn stored(date: &str, start: &str, end: &str, zone: Tz) -> TimeSlot {
    let (start, end) = (time(start), time(end));
    TimeSlot { date: date.parse().unwrap(), start, end, estimated_minutes: 60, zone }
}

#[test]
fn stored_slot_past_midnight_ends_on_the_next_day_and_claims_its_time() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let late = stored("2026-03-02", "21:00", "01:00", Tz::Africa__Nairobi);
    assert_eq!((late.starts_at(), late.ends_at()), (at("2026-03-02T18:00:00Z"), at("2026-03-02T22:00:00Z")));
    assert_eq!(late.cells().count(), 18, "four hours and the travel time after them");
    let to_midnight = stored("2026-12-31", "21:00", "00:00", Tz::Africa__Nairobi);
    assert_eq!(to_midnight.ends_at(), at("2026-12-31T21:00:00Z"));
    let written = stored("2026-12-31", "21:00", "24:00", Tz::Africa__Nairobi);
    assert_eq!(to_midnight.cells().collect::<Vec<_>>(), written.cells().collect::<Vec<_>>());
    // It overlaps a job of the next morning.
    let next = slot("2026-03-03", "00:45", "02:00", Tz::Africa__Nairobi).unwrap();
    assert!(next.cells().any(|cell| late.cells().any(|other| other == cell)));
    assert_eq!(TimeSlot::clock_minutes(time("21:00"), time("01:00")), 240);
    assert_eq!(TimeSlot::clock_minutes(time("21:00"), time("00:00")), 180);
    assert_eq!(TimeSlot::clock_minutes(time("09:00"), time("11:00")), 120);
}

#[test]
fn slot_skipped_by_a_clock_change_is_refused() {
    let berlin = |date, start, end| slot(date, start, end, Tz::Europe__Berlin);
    assert_eq!(berlin("2026-03-29", "02:00", "03:00").unwrap_err().code, Code::Order);
    let shortened = berlin("2026-03-29", "01:00", "04:00").unwrap();
    assert_eq!(shortened.ends_at() - shortened.starts_at(), TimeDelta::hours(2));
    let lengthened = berlin("2026-10-25", "01:00", "04:00").unwrap();
    assert_eq!(lengthened.ends_at() - lengthened.starts_at(), TimeDelta::hours(4));
}

#[test]
fn claims_include_the_travel_after_the_job() {
    let slot = slot("2026-03-02", "09:00", "10:00", Tz::Africa__Nairobi).unwrap();
    let first = slot.starts_at().timestamp() / 900;
    assert_eq!(slot.cells().collect::<Vec<_>>(), (first..first + 6).collect::<Vec<_>>());
    let technician = Id::from_bytes([7; 12]);
    let keys = slot.claim_keys(technician);
    assert_eq!(keys.len(), 6);
    assert_eq!(keys[0].as_str(), format!("technician.slot/070707070707070707070707/{first}"));
    assert_eq!(keys[0].space(), SLOT_CLAIMS);
}

prop_compose! {
    fn slots(zone: Tz)(
        day in 0_i64..3,
        (first, second) in (0_u16..96, 1_u16..=96),
    ) -> Option<TimeSlot> {
        let quarter = |quarter: u16| TimeOfDay::new((quarter / 4) as u8, (quarter % 4 * 15) as u8).unwrap();
        // Clock changes in Berlin and on Lord Howe fall within these days.
        let base = if zone == Tz::Australia__Lord_Howe { "2026-04-04" } else { "2026-03-28" };
        let date = base.parse::<NaiveDate>().unwrap() + TimeDelta::days(day);
        TimeSlot::new(date, quarter(first.min(second)), quarter(first.max(second)), zone).ok()
    }
}

fn pairs() -> impl Strategy<Value = (Option<TimeSlot>, Option<TimeSlot>)> {
    let zones = vec![Tz::Africa__Nairobi, Tz::Europe__Berlin, Tz::Asia__Kathmandu, Tz::Australia__Lord_Howe];
    prop::sample::select(zones).prop_flat_map(|zone| (slots(zone), slots(zone)))
}

proptest! {
    #[test]
    fn stored_slots_claim_at_most_a_day(first in 0_u16..96, second in 0_u16..=96, day in 0_i64..3) {
        let quarter = |quarter: u16| TimeOfDay::new((quarter / 4) as u8, (quarter % 4 * 15) as u8).unwrap();
        let date = "2026-03-28".parse::<NaiveDate>().unwrap() + TimeDelta::days(day);
        let (start, end) = (quarter(first), quarter(second));
        for zone in [Tz::Africa__Nairobi, Tz::Europe__Berlin] {
            let slot = TimeSlot { date, start, end, estimated_minutes: 0, zone };
            let length = slot.ends_at() - slot.starts_at();
            prop_assert!(length >= TimeDelta::zero() && length <= TimeDelta::hours(25), "{length}");
            if zone == Tz::Africa__Nairobi {
                prop_assert_eq!(length.num_minutes(), i64::from(TimeSlot::clock_minutes(start, end)));
            }
            prop_assert_eq!(slot.crosses_midnight(), end == TimeOfDay::MIDNIGHT || end < start);
        }
    }

    #[test]
    fn cells_overlap_exactly_where_padded_times_do(pair in pairs()) {
        let (Some(a), Some(b)) = pair else { return Ok(()) };
        let overlap =
            a.starts_at() < b.ends_at() + TimeSlot::TRAVEL && b.starts_at() < a.ends_at() + TimeSlot::TRAVEL;
        let cells: HashSet<i64> = a.cells().collect();
        prop_assert_eq!(b.cells().any(|cell| cells.contains(&cell)), overlap);
    }

    #[test]
    fn cells_cover_the_padded_time((slot, _) in pairs()) {
        let Some(slot) = slot else { return Ok(()) };
        let cells: Vec<i64> = slot.cells().collect();
        let (first, last) = (cells[0] * 900, (cells[cells.len() - 1] + 1) * 900);
        prop_assert_eq!(first, slot.starts_at().timestamp());
        prop_assert_eq!(last, (slot.ends_at() + TimeSlot::TRAVEL).timestamp());
        prop_assert!(cells.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    }

    #[test]
    fn json_round_trips_the_slot((slot, _) in pairs()) {
        let Some(slot) = slot else { return Ok(()) };
        let json = serde_json::to_string(&slot).unwrap();
        prop_assert_eq!(serde_json::from_str::<TimeSlot>(&json).unwrap(), slot);
    }
}
