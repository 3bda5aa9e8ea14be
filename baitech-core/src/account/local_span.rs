use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::TimeOfDay;

/// A time span cut at the midnights of a zone.
#[derive(Debug, Clone)]
pub(super) struct LocalSpan {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    /// Without gaps, oldest first; together they contain the whole span.
    pub(super) days: Vec<LocalDay>,
}

/// The time from one midnight of a zone to the next.
#[derive(Debug, Clone)]
pub(super) struct LocalDay {
    pub(super) date: NaiveDate,
    /// 0 is Sunday.
    pub(super) day_of_week: u8,
    pub(super) end: DateTime<Utc>,
    start: DateTime<Utc>,
    zone: Tz,
    /// Whether the clocks do not change on this day.
    is_even: bool,
}

impl LocalSpan {
    pub(super) fn new(start: DateTime<Utc>, end: DateTime<Utc>, zone: Tz) -> Self {
        let first = start.with_timezone(&zone).date_naive();
        let days = first.iter_days().map(|date| LocalDay::new(date, zone));
        // If the clocks go back across midnight, a day ends before some moments that carry its date.
        let days = days.take_while(|day| day.start < end).filter(|day| start < day.end);
        Self { start, end, days: if start < end { days.collect() } else { Vec::new() } }
    }
}

impl LocalDay {
    fn new(date: NaiveDate, zone: Tz) -> Self {
        let start = TimeOfDay::MIDNIGHT.on(date, zone);
        let end = TimeOfDay::END_OF_DAY.on(date, zone);
        let day_of_week = u8::try_from(date.weekday().num_days_from_sunday()).unwrap_or_default();
        Self { date, day_of_week, end, start, zone, is_even: end - start == TimeDelta::days(1) }
    }

    /// The moment of a local time on this day.
    pub(super) fn at(&self, time: TimeOfDay) -> DateTime<Utc> {
        let minutes = TimeDelta::minutes(i64::from(time.minutes()));
        match self.start.checked_add_signed(minutes) {
            Some(moment) if self.is_even => moment,
            _ => time.on(self.date, self.zone),
        }
    }
}
