use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::local_span::{LocalDay, LocalSpan};
use crate::kernel::{Code, ElementId, Text, Violation};

/// A time of the day to the minute, `00:00` to `24:00`; the last is the end of the day and nothing's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The start of the day.
    pub const MIDNIGHT: Self = Self(0);
    /// The end of the day: `24:00`.
    pub const END_OF_DAY: Self = Self(24 * 60);

    /// A time by hour and minute; `None` for what no clock shows, save for 24:00.
    #[must_use]
    pub const fn new(hour: u8, minute: u8) -> Option<Self> {
        if (hour < 24 && minute < 60) || (hour == 24 && minute == 0) {
            Some(Self(hour as u16 * 60 + minute as u16))
        } else {
            None
        }
    }

    /// Minutes since the start of the day.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// Whether the time lies on a quarter of an hour.
    #[must_use]
    pub const fn is_quarter(self) -> bool {
        self.0.is_multiple_of(15)
    }

    /// This time on a day in a zone. Where the clocks skip it, the moment to which they skip; where they show it twice, the
    /// first.
    #[must_use]
    pub fn on(self, date: NaiveDate, zone: Tz) -> DateTime<Utc> {
        let midnight = date.and_time(chrono::NaiveTime::MIN);
        let mut local =
            midnight.checked_add_signed(TimeDelta::minutes(i64::from(self.0))).unwrap_or(midnight);
        // The longest that clocks have ever skipped is a whole day (Samoa, 2011).
        for _ in 0..=24 * 60 {
            if let Some(moment) = zone.from_local_datetime(&local).earliest() {
                return moment.to_utc();
            }
            local = local.checked_add_signed(TimeDelta::minutes(1)).unwrap_or(local);
        }
        local.and_utc()
    }
}

impl FromStr for TimeOfDay {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let digits = |part: &str| part.parse().ok().filter(|_: &u8| part.bytes().all(|b| b.is_ascii_digit()));
        let time = text.split_once(':').filter(|(_, minute)| minute.len() == 2);
        let time = time.and_then(|(hour, minute)| Self::new(digits(hour)?, digits(minute)?));
        time.ok_or_else(|| Violation::new("time", Code::Malformed, "a time of the day is written HH:MM"))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Hours of one weekday, every week. A slot never crosses midnight; two slots do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WeeklySlot {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// 0 is Sunday, 6 is Saturday.
    pub day_of_week: u8,
    /// From.
    #[serde(rename = "startTime")]
    pub start: TimeOfDay,
    /// To, not included.
    #[serde(rename = "endTime")]
    pub end: TimeOfDay,
    /// `false` for a slot that is switched off.
    #[serde(default = "yes")]
    pub is_available: bool,
}

const fn yes() -> bool {
    true
}

impl WeeklySlot {
    /// Hours on a weekday.
    #[must_use]
    pub const fn new(day: Weekday, start: TimeOfDay, end: TimeOfDay) -> Self {
        let day_of_week = day.num_days_from_sunday() as u8;
        Self { element: None, day_of_week, start, end, is_available: true }
    }
}

/// One date that is not like its weekday: time off, or extra hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityException {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The local date.
    pub date: NaiveDate,
    /// From.
    #[serde(rename = "startTime")]
    pub start: TimeOfDay,
    /// To, not included.
    #[serde(rename = "endTime")]
    pub end: TimeOfDay,
    /// `false` takes the hours away, `true` adds them.
    pub is_available: bool,
    /// Why, for the technician's own eyes.
    #[serde(default)]
    pub reason: Option<Text<200>>,
}

/// When a technician works: weekly hours, and dated exceptions that override them. A later exception overrides an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Availability {
    /// The same every week.
    pub weekly: Vec<WeeklySlot>,
    /// On certain dates.
    pub exceptions: Vec<AvailabilityException>,
}

impl Availability {
    /// The same hours on each of these weekdays.
    #[must_use]
    pub fn on_weekdays(days: &[Weekday], start: TimeOfDay, end: TimeOfDay) -> Self {
        let weekly = days.iter().map(|day| WeeklySlot::new(*day, start, end)).collect();
        Self { weekly, exceptions: Vec::new() }
    }

    /// Whether the hours, local to `zone`, cover every moment from `start` to `end`.
    ///
    /// Slots that meet count as one, so that two of them reach across midnight; a change of the clocks inside makes the local
    /// hours longer or shorter, never the interval.
    #[must_use]
    pub fn covers(&self, start: DateTime<Utc>, end: DateTime<Utc>, zone: Tz) -> bool {
        self.covers_span(&LocalSpan::new(start, end, zone))
    }

    /// [`covers`](Self::covers) for a span that is compared with the hours of many.
    pub(crate) fn covers_span(&self, span: &LocalSpan) -> bool {
        let mut reached = span.start;
        for day in &span.days {
            let end = day.end.min(span.end);
            while reached < end {
                match self.available_until(reached, day) {
                    Some(until) if until > reached => reached = until,
                    _ => return false,
                }
            }
        }
        true
    }

    /// The end of the hours that hold at a moment of a day, at most the end of that day; `None` outside of all hours.
    fn available_until(&self, moment: DateTime<Utc>, day: &LocalDay) -> Option<DateTime<Utc>> {
        let holds = |start: TimeOfDay, end: TimeOfDay| day.at(start) <= moment && moment < day.at(end);

        let exceptions = self.exceptions.iter().filter(|exception| exception.date == day.date);
        let deciding = exceptions.clone().rfind(|exception| holds(exception.start, exception.end));
        let mut until = match deciding {
            Some(exception) if exception.is_available => day.at(exception.end),
            Some(_) => return None,
            None => {
                let today = |slot: &&WeeklySlot| slot.is_available && slot.day_of_week == day.day_of_week;
                let slots = self.weekly.iter().filter(today);
                slots.filter(|slot| holds(slot.start, slot.end)).map(|slot| day.at(slot.end)).max()?
            }
        };
        // The next exception that begins inside cuts the hours there; the caller looks again from that moment.
        for exception in exceptions {
            let begins = day.at(exception.start);
            if moment < begins && begins < until {
                until = begins;
            }
        }
        Some(until)
    }
}

#[cfg(test)]
mod tests;
