//! Instants and calendar days.

use bson::{Bson, DateTime as BsonDate};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use serde_with::{DeserializeAs, SerializeAs};

/// An instant stored as a BSON date, which keeps milliseconds: anything finer is cut off. A text of RFC 3339
/// is read too.
#[derive(Debug)]
pub(crate) struct Millis;

impl SerializeAs<DateTime<Utc>> for Millis {
    fn serialize_as<S: Serializer>(value: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        BsonDate::from_chrono(*value).serialize(serializer)
    }
}

impl<'de> DeserializeAs<'de, DateTime<Utc>> for Millis {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        instant(&value).ok_or_else(|| D::Error::custom(format!("{value} is not a date")))
    }
}

/// Years outside this range are not valid dates of a marketplace, and calculations with them may overflow.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

fn instant(value: &Bson) -> Option<DateTime<Utc>> {
    let instant = match value {
        Bson::DateTime(date) => date.to_chrono(),
        Bson::String(text) => DateTime::parse_from_rfc3339(text.trim()).ok()?.to_utc(),
        _ => return None,
    };
    Some(instant).filter(|instant| YEARS.contains(&instant.year()))
}

/// A calendar day, stored as an instant of that day; a zone determines which day.
///
/// An earlier application stored the local midnight of a browser (`2026-03-02T21:00:00Z` is 3 March in
/// Nairobi), the midnight in UTC of a day that was written without a time (`2026-03-03T00:00:00Z`), or any
/// other moment of the day. Midnight in UTC is therefore the day in UTC, and any other moment the day in the
/// zone. Both midnights of a day read as that day in every zone, because the local midnight of one day is
/// never the midnight in UTC of another. New days are stored as midnight in UTC, which a change of the zone
/// does not shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredDay(DateTime<Utc>);

impl StoredDay {
    /// The day in its zone.
    pub(crate) fn in_zone(self, zone: Tz) -> NaiveDate {
        day_of(self.0, zone)
    }
}

impl From<NaiveDate> for StoredDay {
    fn from(day: NaiveDate) -> Self {
        Self(day.and_time(NaiveTime::MIN).and_utc())
    }
}

impl Serialize for StoredDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Millis::serialize_as(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for StoredDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Millis::deserialize_as(deserializer).map(Self)
    }
}

/// The calendar day that a stored instant means in a zone; see [`StoredDay`].
pub(crate) fn day_of(instant: DateTime<Utc>, zone: Tz) -> NaiveDate {
    if instant.time() == NaiveTime::MIN {
        return instant.date_naive();
    }
    instant.with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use baitech_core::account::TimeOfDay;
    use chrono::{SubsecRound, TimeDelta};
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[serde_with::serde_as]
    #[serde_with::skip_serializing_none]
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        #[serde_as(as = "Millis")]
        at: DateTime<Utc>,
        #[serde_as(as = "Option<Millis>")]
        until: Option<DateTime<Utc>>,
        born: Option<StoredDay>,
    }

    fn read(value: impl Into<Bson>) -> Result<Sample, bson::error::Error> {
        let stored = bson::RawDocumentBuf::try_from(&bson::doc! { "at": value.into() })?;
        bson::deserialize_from_slice(stored.as_bytes())
    }

    #[test]
    fn instants_are_millisecond_dates_and_days_are_midnights() {
        let at = DateTime::from_timestamp(1_795_336_365, 170_900_000).unwrap();
        let born = NaiveDate::from_ymd_opt(1969, 12, 31).map(StoredDay::from);
        let stored = bson::serialize_to_document(&Sample { at, until: None, born }).unwrap();
        let expected = bson::doc! {
            "at": BsonDate::from_millis(1_795_336_365_170),
            "born": BsonDate::from_millis(-86_400_000),
        };
        assert_eq!(stored, expected);
        let read: Sample = bson::deserialize_from_document(stored).unwrap();
        assert_eq!(read, Sample { at: at.trunc_subsecs(3), until: None, born });
    }

    #[test]
    fn only_rfc_3339_text_within_the_years_is_a_date() {
        let at: DateTime<Utc> = "2026-03-02T07:00:00Z".parse().unwrap();
        assert_eq!(read("2026-03-02T10:00:00+03:00").unwrap().at, at);
        for other in
            [Bson::from(5), "2026-03-02".into(), "".into(), BsonDate::MAX.into(), BsonDate::MIN.into()]
        {
            let read = read(other.clone());
            assert!(read.is_err(), "{other}: {read:?}");
        }
    }

    #[test]
    fn local_midnight_and_utc_midnight_are_the_same_day_in_nairobi() {
        let day = |text: &str| day_of(text.parse().unwrap(), Tz::Africa__Nairobi).to_string();
        assert_eq!(day("2026-03-02T21:00:00Z"), "2026-03-03");
        assert_eq!(day("2026-03-03T00:00:00Z"), "2026-03-03");
        assert_eq!(day("2026-03-03T20:59:59Z"), "2026-03-03");
        assert_eq!(day("2026-03-02T20:59:59Z"), "2026-03-02");
    }

    fn zones() -> impl Strategy<Value = Tz> {
        prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec())
    }

    proptest! {
        #[test]
        fn stored_days_read_the_same_in_every_zone(zone in zones(), days in -30_000_i64..40_000) {
            let date = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + TimeDelta::days(days);
            prop_assert_eq!(StoredDay::from(date).in_zone(zone), date);
            let midnight = TimeOfDay::MIDNIGHT.on(date, zone);
            // A zone that once moved across the date line skipped a day.
            if midnight.with_timezone(&zone).date_naive() == date {
                prop_assert_eq!(day_of(midnight, zone), date);
                prop_assert_eq!(StoredDay::from(day_of(midnight, zone)).in_zone(zone), date);
            }
        }

        #[test]
        fn moment_of_a_day_reads_as_that_day(zone in zones(), seconds in 0_i64..4_000_000_000) {
            let moment = DateTime::from_timestamp(seconds, 1_000_000).unwrap();
            prop_assert_eq!(day_of(moment, zone), moment.with_timezone(&zone).date_naive());
        }
    }
}
