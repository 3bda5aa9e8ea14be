use super::*;

#[test]
fn manual_clock_stops_until_it_is_moved() {
    let start: DateTime<Utc> = "2026-03-02T07:00:00.123Z".parse().unwrap();
    let clock = ManualClock::at(start + TimeDelta::nanoseconds(456_789));
    assert_eq!(clock.now(), start, "whole milliseconds");
    clock.advance(TimeDelta::hours(2));
    assert_eq!(clock.now(), start + TimeDelta::hours(2));
    clock.advance(TimeDelta::hours(-3));
    assert_eq!(clock.now(), start - TimeDelta::hours(1));
    clock.set(start);
    assert_eq!(clock.now(), start);
}

#[test]
fn system_clock_has_whole_milliseconds() {
    assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000_000, 0);
}
