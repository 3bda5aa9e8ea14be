//! The end of a series.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::rule::violation;
use crate::{
    kernel::{Code, Violation},
    schedule::TimeSlot,
};

/// The last moment at which an occurrence of a series can begin: the value of `UNTIL` (RFC 5545, section
/// 3.3.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// A day, included as a whole: `20261231`.
    Day(NaiveDate),
    /// A local time of the job: `20261231T100000`.
    Local(NaiveDateTime),
    /// A moment: `20261231T070000Z`.
    Moment(DateTime<Utc>),
}

impl Until {
    /// Parses the value of `UNTIL`, in upper case.
    ///
    /// # Errors
    /// A [`Violation`] of `recurrence` that names the accepted forms.
    pub(super) fn parse(value: &str) -> Result<Self, Violation> {
        const TIME: &str = "%Y%m%dT%H%M%S";
        let unreadable = || {
            let message = "UNTIL must be a day (20261231), a time at the place of the job (20261231T100000) or a \
                           time in UTC (20261231T070000Z)";
            violation(Code::Malformed, message)
        };
        let time = |text: &str| NaiveDateTime::parse_from_str(text, TIME).ok();
        let is_form = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z');
        let end = match (value.len(), value.strip_suffix('Z')) {
            _ if !value.chars().all(is_form) => None,
            (8, None) => NaiveDate::parse_from_str(value, "%Y%m%d").ok().map(Self::Day),
            (15, None) => time(value).map(Self::Local),
            (16, Some(utc)) => time(utc).map(|utc| Self::Moment(utc.and_utc())),
            _ => None,
        };
        end.ok_or_else(unreadable)
    }

    /// Whether the occurrence on a day, at the hours and in the zone of a slot, is still part of the series.
    pub(super) fn includes(self, date: NaiveDate, slot: &TimeSlot) -> bool {
        match self {
            Self::Day(last) => date <= last,
            Self::Local(last) => {
                let minutes = chrono::TimeDelta::minutes(i64::from(slot.start.minutes()));
                let midnight = date.and_time(chrono::NaiveTime::MIN);
                midnight.checked_add_signed(minutes).is_some_and(|start| start <= last)
            }
            Self::Moment(last) => slot.start.on(date, slot.zone) <= last,
        }
    }
}
