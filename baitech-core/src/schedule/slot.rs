use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    account::{TimeOfDay, User},
    kernel::{Code, Id, Violation},
    store::ClaimKey,
};

/// The time of a job: hours of one local day.
///
/// [`new`](Self::new) refuses a slot past midnight. An earlier application stored such slots (`21:00` to
/// `01:00`, or to `00:00`). They are kept unchanged; an end that is not after the start is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeSlot {
    /// The local day.
    pub date: NaiveDate,
    /// The start.
    #[serde(rename = "startTime")]
    pub start: TimeOfDay,
    /// The end, exclusive; on the next day where it is `00:00` or before the start.
    #[serde(rename = "endTime")]
    pub end: TimeOfDay,
    /// The estimated duration of the work, in minutes. Equals the length of the slot unless an earlier
    /// application stored another value.
    #[serde(rename = "estimatedDuration")]
    pub estimated_minutes: u32,
    /// The zone of the place.
    #[serde(rename = "timeZone")]
    pub zone: Tz,
}

impl TimeSlot {
    /// The maximum travel time that is kept free after a job.
    pub const TRAVEL: TimeDelta = TimeDelta::minutes(30);
    /// The unit in which a technician's time is claimed.
    pub const CELL: TimeDelta = TimeDelta::minutes(15);

    /// Creates a slot within one day. Both times must be on a quarter of an hour. An end of `00:00` means the
    /// end of the day, like `24:00`.
    ///
    /// # Errors
    /// A [`Violation`] of `timeSlot.startTime` or `timeSlot.endTime`: [`Code::Malformed`] off the quarter,
    /// [`Code::Order`] for an end that is not after the start (also where a clock change skips the whole
    /// slot).
    pub fn new(date: NaiveDate, start: TimeOfDay, end: TimeOfDay, zone: Tz) -> Result<Self, Violation> {
        for (field, time) in [("timeSlot.startTime", start), ("timeSlot.endTime", end)] {
            if !time.is_quarter() {
                return Err(Violation::new(field, Code::Malformed, "must be on a quarter of an hour"));
            }
        }
        let order = |message| Violation::new("timeSlot.endTime", Code::Order, message);
        let hours = match TimeOfDay::split_at_midnight(start, end) {
            // Equal times are refused, so that a form with unchanged default times does not book a whole
            // day. A whole day must be written as 00:00 to 24:00.
            Some((hours, None)) if start != end => hours,
            Some((_, Some(_))) => {
                return Err(order("must be on the day of the start, at the latest 00:00 (24:00)"));
            }
            Some((_, None)) | None => return Err(order("must be after the start")),
        };
        let minutes = hours.end.minutes().saturating_sub(hours.start.minutes());
        let slot = Self { date, start, end: hours.end, estimated_minutes: u32::from(minutes), zone };
        if slot.starts_at() >= slot.ends_at() {
            return Err(order("must be after the start"));
        }
        Ok(slot)
    }

    /// The moment at which it begins.
    #[must_use]
    pub fn starts_at(&self) -> DateTime<Utc> {
        self.start.on(self.date, self.zone)
    }

    /// The moment at which it ends.
    #[must_use]
    pub fn ends_at(&self) -> DateTime<Utc> {
        let next_day = self.date.succ_opt().filter(|_| self.crosses_midnight());
        self.end.on(next_day.unwrap_or(self.date), self.zone)
    }

    /// Whether it ends on the day after its start. Only slots of an earlier application do.
    #[must_use]
    pub fn crosses_midnight(&self) -> bool {
        self.end < self.start || self.end == TimeOfDay::MIDNIGHT
    }

    /// Minutes from the start to the end as the clock shows them, without clock changes.
    #[must_use]
    pub fn clock_minutes(start: TimeOfDay, end: TimeOfDay) -> u32 {
        let day = if end < start || end == TimeOfDay::MIDNIGHT { TimeOfDay::END_OF_DAY.minutes() } else { 0 };
        u32::from(end.minutes()).saturating_add(u32::from(day)).saturating_sub(u32::from(start.minutes()))
    }

    /// The quarters of an hour in UTC, counted from 1970, that the job and the travel after it take.
    pub fn cells(&self) -> impl Iterator<Item = i64> + use<> {
        let cell = Self::CELL.num_seconds();
        let first = self.starts_at().timestamp().div_euclid(cell);
        let padded_end = self.ends_at().timestamp().saturating_add(Self::TRAVEL.num_seconds());
        let end = padded_end.saturating_add(cell - 1).div_euclid(cell);
        first..end
    }

    /// The claims that prevent a technician from taking another job at that time.
    #[must_use]
    pub fn claim_keys(&self, technician: Id<User>) -> Vec<ClaimKey> {
        self.cells().map(|cell| cell_claim(technician, cell)).collect()
    }
}

/// The namespace of claims on technicians' time.
pub const SLOT_CLAIMS: &str = "technician.slot";

/// The claim on one quarter of an hour of a technician.
#[must_use]
pub fn cell_claim(technician: Id<User>, cell: i64) -> ClaimKey {
    ClaimKey::new(SLOT_CLAIMS, format_args!("{technician}/{cell}"))
}

#[cfg(test)]
mod tests;
