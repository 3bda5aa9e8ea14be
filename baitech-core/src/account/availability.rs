use std::{fmt, ops::Range, str::FromStr};

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::local_span::{LocalDay, LocalSpan};
use crate::kernel::{Code, ElementId, Text, Violation};

/// A time of day to the minute, `00:00` to `24:00`. `24:00` is the end of the day and never a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The start of the day.
    pub const MIDNIGHT: Self = Self(0);
    /// The end of the day: `24:00`.
    pub const END_OF_DAY: Self = Self(24 * 60);

    /// Creates a time from hour and minute; `None` unless it is a valid time or 24:00.
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

    /// Splits a range of hours at midnight, into the part on the first day and the part on the next.
    ///
    /// An end of `00:00` means the end of the first day, since the time field of a browser cannot write
    /// `24:00`; so `00:00` to `00:00` is the whole day. An end before the start is on the next day. `None`
    /// for an empty range, and for one that starts at `24:00`.
    ///
    /// ```
    /// use baitech_core::account::TimeOfDay;
    ///
    /// let split = |start: &str, end: &str| -> Option<String> {
    ///     let (first, next) = TimeOfDay::split_at_midnight(start.parse().ok()?, end.parse().ok()?)?;
    ///     let text = |span: std::ops::Range<TimeOfDay>| format!("{}-{}", span.start, span.end);
    ///     Some(text(first) + &next.map(|span| format!(", {}", text(span))).unwrap_or_default())
    /// };
    /// assert_eq!(split("18:00", "00:00").as_deref(), Some("18:00-24:00"));
    /// assert_eq!(split("22:00", "02:00").as_deref(), Some("22:00-24:00, 00:00-02:00"));
    /// assert_eq!(split("08:00", "17:00").as_deref(), Some("08:00-17:00"));
    /// assert_eq!(split("08:00", "08:00"), None);
    /// ```
    #[must_use]
    pub fn split_at_midnight(start: Self, end: Self) -> Option<(Range<Self>, Option<Range<Self>>)> {
        if start == Self::END_OF_DAY || (start == end && end != Self::MIDNIGHT) {
            None
        } else if end == Self::MIDNIGHT {
            Some((start..Self::END_OF_DAY, None))
        } else if start < end {
            Some((start..end, None))
        } else {
            Some((start..Self::END_OF_DAY, Some(Self::MIDNIGHT..end)))
        }
    }

    /// This time on a date in a zone. If the clocks skip it, the result is the moment after the gap; if they
    /// show it twice, the first of the two.
    #[must_use]
    pub fn on(self, date: NaiveDate, zone: Tz) -> DateTime<Utc> {
        let midnight = date.and_time(chrono::NaiveTime::MIN);
        let mut local =
            midnight.checked_add_signed(TimeDelta::minutes(i64::from(self.0))).unwrap_or(midnight);
        // The longest gap ever was a whole day (Samoa, 2011).
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
        let time = text.split_once(':').filter(|(hour, minute)| hour.len() <= 2 && minute.len() == 2);
        let time = time.and_then(|(hour, minute)| Self::new(digits(hour)?, digits(minute)?));
        time.ok_or_else(|| Violation::new("time", Code::Malformed, "a time of day must have the form HH:MM"))
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

/// Working hours on one weekday, every week.
///
/// A stored slot never crosses midnight. An entered one may (`22:00` to `02:00`, or an end of `00:00`):
/// [`Availability::split_at_midnight`] splits it into two slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeeklySlot {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// 0 is Sunday, 6 is Saturday.
    pub day_of_week: u8,
    /// Start.
    #[serde(rename = "startTime")]
    pub start: TimeOfDay,
    /// End, exclusive.
    #[serde(rename = "endTime")]
    pub end: TimeOfDay,
    /// Whether the slot is switched on.
    #[serde(default = "yes")]
    pub is_available: bool,
}

const fn yes() -> bool {
    true
}

impl WeeklySlot {
    /// Creates a slot on a weekday.
    #[must_use]
    pub const fn new(day: Weekday, start: TimeOfDay, end: TimeOfDay) -> Self {
        let day_of_week = day.num_days_from_sunday() as u8;
        Self { element: None, day_of_week, start, end, is_available: true }
    }

    /// Splits the slot into slots on one day each; `None` for an empty slot.
    fn split_at_midnight(self) -> Option<(Self, Option<Self>)> {
        let (today, tomorrow) = TimeOfDay::split_at_midnight(self.start, self.end)?;
        let next_day = if self.day_of_week == 6 { 0 } else { self.day_of_week.saturating_add(1) };
        let tomorrow = tomorrow.map(|span| Self {
            element: None,
            day_of_week: next_day,
            start: span.start,
            end: span.end,
            ..self
        });
        Some((Self { start: today.start, end: today.end, ..self }, tomorrow))
    }
}

/// A date that differs from its weekday: time off, or extra hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AvailabilityException {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The local date.
    pub date: NaiveDate,
    /// Start.
    #[serde(rename = "startTime")]
    pub start: TimeOfDay,
    /// End, exclusive.
    #[serde(rename = "endTime")]
    pub end: TimeOfDay,
    /// `true` adds the hours, `false` removes them.
    pub is_available: bool,
    /// The reason, visible only to the technician.
    #[serde(default)]
    pub reason: Option<Text<200>>,
}

impl AvailabilityException {
    /// Splits the exception into exceptions on one date each; `None` for an empty one.
    fn split_at_midnight(self) -> Option<(Self, Option<Self>)> {
        let (today, tomorrow) = TimeOfDay::split_at_midnight(self.start, self.end)?;
        let tomorrow = tomorrow.zip(self.date.succ_opt()).map(|(span, date)| Self {
            element: None,
            date,
            start: span.start,
            end: span.end,
            ..self.clone()
        });
        Some((Self { start: today.start, end: today.end, ..self }, tomorrow))
    }
}

/// A technician's working hours: weekly hours, and dated exceptions that override them. A later exception
/// overrides an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Availability {
    /// The weekly hours.
    pub weekly: Vec<WeeklySlot>,
    /// Exceptions on certain dates.
    pub exceptions: Vec<AvailabilityException>,
}

impl Availability {
    /// The same hours on each of these weekdays.
    #[must_use]
    pub fn on_weekdays(days: &[Weekday], start: TimeOfDay, end: TimeOfDay) -> Self {
        let weekly = days.iter().map(|day| WeeklySlot::new(*day, start, end)).collect();
        Self { weekly, exceptions: Vec::new() }
    }

    /// The same hours in their stored form, with each slot and exception on one day. Ranges that cross
    /// midnight are split there, and an end of `00:00` becomes `24:00`.
    ///
    /// Empty ranges (`08:00` to `08:00`) stay unchanged: they cover nothing, and
    /// [`User::set_availability`](super::User::set_availability) refuses them. A slot that the split would
    /// duplicate is kept once.
    #[must_use]
    pub fn split_at_midnight(self) -> Self {
        let mut weekly: Vec<WeeklySlot> = Vec::with_capacity(self.weekly.len());
        for slot in self.weekly {
            let (today, tomorrow) = slot.clone().split_at_midnight().unwrap_or((slot, None));
            weekly.push(today);
            weekly.extend(tomorrow);
        }
        let mut seen = std::collections::HashSet::new();
        weekly.retain(|slot| seen.insert((slot.day_of_week, slot.start, slot.end, slot.is_available)));
        let mut exceptions = Vec::with_capacity(self.exceptions.len());
        for exception in self.exceptions {
            let (today, tomorrow) = exception.clone().split_at_midnight().unwrap_or((exception, None));
            exceptions.push(today);
            exceptions.extend(tomorrow);
        }
        Self { weekly, exceptions }
    }

    /// Whether the hours, local to `zone`, cover every moment from `start` to `end`.
    ///
    /// Adjacent slots count as one, so that two of them can reach across midnight. A clock change inside
    /// makes the local hours longer or shorter, never the interval.
    #[must_use]
    pub fn covers(&self, start: DateTime<Utc>, end: DateTime<Utc>, zone: Tz) -> bool {
        let span = LocalSpan::new(start, end, zone);
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

    /// The end of the working hours at a moment of a day, at most the end of that day; `None` outside working
    /// hours.
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
        // The next exception that begins inside ends the hours here; the caller continues from that moment.
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
