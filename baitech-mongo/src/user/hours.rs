//! Working hours in the format of the earlier application.
//!
//! Its forms did not accept `24:00`, and hours could go past midnight. An end of `23:59` or `00:00` is the
//! end of the day; hours that end before they start (`22:00` to `02:00`) end on the next day, and are read as
//! two elements.

use baitech_core::account::{Availability, AvailabilityException, TimeOfDay, User, WeeklySlot};
use baitech_core::kernel::Id;
use baitech_core::matching::WorkingHours;
use bson::{Bson, Document, RawDocumentBuf, doc};
use chrono::Days;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_with::{DefaultOnNull, serde_as};

use super::parts::{Exception, Slot};
use super::read::DEFAULT_ZONE;
use crate::lenient;
use crate::value::Oid;

const WEEKLY: &str = "availability";
const EXCEPTIONS: &str = "availabilityExceptions";
const BORN: &str = "dateOfBirth";
const ZONE: &str = "timeZone";

/// The end on the first day, and the end on the next day, if the hours continue there.
fn ends(start: TimeOfDay, end: TimeOfDay) -> (TimeOfDay, Option<TimeOfDay>) {
    if end.minutes() == TimeOfDay::END_OF_DAY.minutes().saturating_sub(1) {
        return (TimeOfDay::END_OF_DAY, None);
    }
    match TimeOfDay::split_at_midnight(start, end) {
        Some((first, next)) => (first.end, next.map(|next| next.end)),
        // Hours of zero length.
        None => (end, None),
    }
}

/// The hours of a technician in a time zone.
pub(crate) fn availability(weekly: Vec<Slot>, exceptions: Vec<Exception>, zone: Tz) -> Availability {
    let mut read = Availability::default();
    for Slot { element, day_of_week, start_time: start, end_time, is_available } in weekly {
        let is_available = is_available.unwrap_or(true);
        let (end, rest) = ends(start, end_time);
        read.weekly.push(WeeklySlot { element, day_of_week, start, end, is_available });
        if let Some(end) = rest {
            let day_of_week = day_of_week.saturating_add(1) % 7;
            let start = TimeOfDay::MIDNIGHT;
            read.weekly.push(WeeklySlot { element: None, day_of_week, start, end, is_available });
        }
    }
    for exception in exceptions {
        let Exception { element, date, start_time: start, end_time, is_available, reason } = exception;
        let date = date.in_zone(zone);
        let (end, rest) = ends(start, end_time);
        let first = AvailabilityException { element, date, start, end, is_available, reason };
        let next_day = date.checked_add_days(Days::new(1));
        let second = rest.zip(next_day).map(|(end, date)| AvailabilityException {
            element: None,
            date,
            start: TimeOfDay::MIDNIGHT,
            end,
            ..first.clone()
        });
        read.exceptions.push(first);
        read.exceptions.extend(second);
    }
    read
}

/// The part of a user's document with working hours.
#[serde_as]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoursDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<User>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    availability: Vec<Slot>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default)]
    availability_exceptions: Vec<Exception>,
    time_zone: Option<Tz>,
}

impl HoursDocument {
    pub(crate) fn projection() -> Document {
        doc! { WEEKLY: 1, EXCEPTIONS: 1, ZONE: 1 }
    }

    pub(crate) fn into_hours(self) -> (Id<User>, WorkingHours) {
        let time_zone = self.time_zone.unwrap_or(DEFAULT_ZONE);
        let availability = availability(self.availability, self.availability_exceptions, time_zone);
        (self.id, WorkingHours { availability, time_zone })
    }
}

/// The fields whose changes [`forget_derived`] depends on.
pub(super) const DERIVES: [&str; 3] = [WEEKLY, EXCEPTIONS, ZONE];

/// Adapts `understood` (the decoded form of a document) for the difference to `new`, if hours or days
/// changed: hours past midnight become one element again, as stored, and days that a new zone would shift are
/// written again.
pub(super) fn forget_derived(raw: &Document, understood: &mut Document, new: &Document) {
    let zone_of = |document: &Document| document.get_str(ZONE).unwrap_or(DEFAULT_ZONE.name()).to_owned();
    let moves = zone_of(understood) != zone_of(new);
    // A day that the new document lacks stays in `understood`, so that the difference removes it.
    if moves && new.contains_key(BORN) {
        understood.remove(BORN);
    }
    let changes = |field: &str| understood.get(field) != new.get(field);
    let (weekly_change, exceptions_change) = (changes(WEEKLY), changes(EXCEPTIONS) || moves);
    if !weekly_change && !exceptions_change {
        return;
    }
    let Ok(bytes) = RawDocumentBuf::try_from(raw) else { return };
    let Ok(stored) = lenient::read::<HoursDocument>(&bytes, super::FIELDS) else { return };
    let HoursDocument { availability, availability_exceptions, time_zone, .. } = stored.value;
    let zone = time_zone.unwrap_or(DEFAULT_ZONE);
    if weekly_change {
        let elements = availability.into_iter().map(|slot| {
            let end_time = one_end(slot.start_time, slot.end_time);
            encoded(&Slot { end_time, is_available: Some(slot.is_available.unwrap_or(true)), ..slot })
        });
        let elements: Vec<Bson> = elements.collect();
        understood.insert(WEEKLY, elements);
    }
    if exceptions_change {
        let elements = availability_exceptions.into_iter().map(|exception| {
            let end_time = one_end(exception.start_time, exception.end_time);
            let date = exception.date.in_zone(zone).into();
            let mut element = encoded(&Exception { end_time, date, ..exception });
            if let (true, Bson::Document(fields)) = (moves, &mut element) {
                fields.remove("date");
            }
            element
        });
        let elements: Vec<Bson> = elements.collect();
        understood.insert(EXCEPTIONS, elements);
    }
}

/// The end of hours as one element: the decoded end, or the stored end for hours past midnight.
fn one_end(start: TimeOfDay, end: TimeOfDay) -> TimeOfDay {
    match ends(start, end) {
        (_, Some(next_day)) => next_day,
        (end, None) => end,
    }
}

fn encoded(element: &impl Serialize) -> Bson {
    bson::serialize_to_bson(element).unwrap_or(Bson::Null)
}

#[cfg(test)]
mod tests {
    use baitech_core::account::Category;
    use baitech_core::kernel::Text;
    use baitech_core::testing::build;
    use bson::DateTime;
    use chrono::NaiveDate;

    use super::*;
    use crate::codec::Aggregate;

    fn time(text: &str) -> TimeOfDay {
        text.parse().unwrap()
    }

    fn slot(day_of_week: u8, start: &str, end: &str) -> Slot {
        let (start_time, end_time) = (time(start), time(end));
        Slot { element: None, day_of_week, start_time, end_time, is_available: None }
    }

    fn weekly(slot: Slot) -> Vec<(u8, String, String)> {
        let read = availability(vec![slot], Vec::new(), DEFAULT_ZONE).weekly;
        read.into_iter()
            .map(|slot| (slot.day_of_week, slot.start.to_string(), slot.end.to_string()))
            .collect()
    }

    #[test]
    fn hours_to_the_last_minute_or_to_midnight_end_with_the_day() {
        for end in ["23:59", "00:00", "24:00"] {
            assert_eq!(weekly(slot(3, "18:00", end)), [(3, "18:00".to_owned(), "24:00".to_owned())], "{end}");
        }
        assert_eq!(weekly(slot(3, "18:00", "23:58")), [(3, "18:00".to_owned(), "23:58".to_owned())]);
        assert_eq!(weekly(slot(0, "00:00", "00:00")), [(0, "00:00".to_owned(), "24:00".to_owned())]);
    }

    /// Applies a change to a technician's document by a save.
    fn save(raw: &Document, change: impl FnOnce(&mut baitech_core::account::UserRecord)) -> (Document, User) {
        let read = User::read(&RawDocumentBuf::try_from(raw).unwrap()).unwrap();
        let mut record = read.value.clone().into_record();
        change(&mut record);
        let new = User::from_record(record);
        let stored = RawDocumentBuf::try_from(raw).unwrap();
        let update =
            crate::commit::difference::difference(&stored, &read, &new.encode_raw().unwrap()).unwrap();
        (crate::diff::apply(raw, &update), new)
    }

    fn technician() -> Document {
        let someone = build::technician(1, Category::Plumbing, build::nairobi());
        let mut document = someone.encode().unwrap();
        let late = DateTime::parse_rfc3339_str("2026-03-02T21:00:00Z").unwrap();
        document.remove("timeZone");
        document.extend(doc! {
            "dateOfBirth": late,
            "availability": [
                { "dayOfWeek": 1, "startTime": "22:00", "endTime": "02:00", "mark": 1 },
                { "dayOfWeek": 2, "startTime": "18:00", "endTime": "23:59", "isAvailable": true, "mark": 2 },
            ],
            "availabilityExceptions": [
                { "date": late, "startTime": "08:00", "endTime": "00:00", "isAvailable": false, "mark": 3 },
            ],
        });
        document
    }

    fn read(document: &Document) -> User {
        User::decode(&RawDocumentBuf::try_from(document).unwrap()).unwrap()
    }

    #[test]
    fn saving_other_fields_keeps_stored_hours_and_days() {
        let raw = technician();
        let (saved, new) = save(&raw, |user| user.bio = Some(Text::from_stored("changed")));
        for field in ["availability", "availabilityExceptions", "dateOfBirth"] {
            assert_eq!(saved.get(field), raw.get(field), "{field}");
        }
        assert_eq!(read(&saved), new);
        let march_3 = NaiveDate::from_ymd_opt(2026, 3, 3);
        assert_eq!(new.date_of_birth, march_3);
        assert_eq!(new.technician.as_ref().map(|profile| profile.availability.exceptions[0].date), march_3);
    }

    #[test]
    fn changed_hours_round_trip_and_do_not_grow() {
        let raw = technician();
        let (saved, new) = save(&raw, |user| {
            user.technician.as_mut().unwrap().availability.weekly[2].is_available = false;
        });
        assert_eq!(read(&saved), new);
        assert_eq!(saved.get_array("availability").unwrap().len(), 3);
        let (again, new) = save(&saved, |user| {
            user.technician.as_mut().unwrap().availability.weekly.pop();
        });
        assert_eq!(read(&again), new);
        assert_eq!(again.get_array("availability").unwrap().len(), 2);
        assert_eq!(again.get("availabilityExceptions"), raw.get("availabilityExceptions"));
    }

    #[test]
    fn stored_days_stay_the_same_days_in_another_zone() {
        let raw = technician();
        for zone in [Tz::Europe__London, Tz::America__New_York, Tz::Pacific__Auckland] {
            let (saved, new) = save(&raw, |user| user.technician.as_mut().unwrap().time_zone = zone);
            assert_eq!(read(&saved), new, "{zone}");
            assert_eq!(new.date_of_birth, NaiveDate::from_ymd_opt(2026, 3, 3), "{zone}");
        }
    }

    #[test]
    fn hours_past_midnight_continue_on_the_next_day() {
        let [first, second] = &weekly(slot(6, "22:00", "02:00"))[..] else { panic!("two of them") };
        assert_eq!(*first, (6, "22:00".to_owned(), "24:00".to_owned()));
        assert_eq!(*second, (0, "00:00".to_owned(), "02:00".to_owned()));
    }

    #[test]
    fn exceptions_past_midnight_continue_on_the_next_date() {
        let exception = Exception {
            element: None,
            date: chrono::NaiveDate::from_ymd_opt(2026, 2, 28).unwrap().into(),
            start_time: time("22:00"),
            end_time: time("02:00"),
            is_available: false,
            reason: None,
        };
        let read = availability(Vec::new(), vec![exception], DEFAULT_ZONE).exceptions;
        let read: Vec<_> = read.iter().map(|one| format!("{} {}-{}", one.date, one.start, one.end)).collect();
        assert_eq!(read, ["2026-02-28 22:00-24:00", "2026-03-01 00:00-02:00"]);
    }
}
