//! Instants and calendar days.

use bson::DateTime as BsonDate;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_with::{DeserializeAs, SerializeAs};

/// An instant stored as a BSON date, which keeps milliseconds: anything finer is cut off.
#[derive(Debug)]
pub(crate) struct Millis;

impl SerializeAs<DateTime<Utc>> for Millis {
    fn serialize_as<S: Serializer>(value: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        BsonDate::from_chrono(*value).serialize(serializer)
    }
}

impl<'de> DeserializeAs<'de, DateTime<Utc>> for Millis {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        BsonDate::deserialize(deserializer).map(BsonDate::to_chrono)
    }
}

/// A calendar day that belongs to no zone (a birthday), stored as its midnight in UTC.
#[derive(Debug)]
pub(crate) struct Day;

impl SerializeAs<NaiveDate> for Day {
    fn serialize_as<S: Serializer>(value: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        day_to_bson(*value).serialize(serializer)
    }
}

impl<'de> DeserializeAs<'de, NaiveDate> for Day {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        BsonDate::deserialize(deserializer).map(day_from_bson)
    }
}

/// The day's midnight in UTC.
fn day_to_bson(day: NaiveDate) -> BsonDate {
    BsonDate::from_chrono(day.and_time(NaiveTime::MIN).and_utc())
}

/// The day that it is in UTC.
fn day_from_bson(date: BsonDate) -> NaiveDate {
    date.to_chrono().date_naive()
}

#[cfg(test)]
mod tests {
    use chrono::SubsecRound;
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
        #[serde_as(as = "Option<Day>")]
        born: Option<NaiveDate>,
    }

    #[test]
    fn instants_are_dates_of_milliseconds_and_days_midnights() {
        let at = DateTime::from_timestamp(1_795_336_365, 170_900_000).unwrap();
        let born = NaiveDate::from_ymd_opt(1969, 12, 31);
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
    fn a_number_is_not_a_date() {
        assert!(bson::deserialize_from_document::<Sample>(bson::doc! { "at": 5 }).is_err());
    }
}
