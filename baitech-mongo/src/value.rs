//! Between the values of the domain and those of BSON: money, dates.
//!
//! For use with `serde_with`: `#[serde_as(as = "Option<Money128>")]`, `#[serde_as(as = "Option<Millis>")]`.

use std::str::FromStr;

use bson::{Bson, Decimal128};
use chrono::{DateTime, SubsecRound, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_with::{DeserializeAs, SerializeAs};

/// A decimal stored as Decimal128, and read from any number or numeric text that an earlier application left.
#[derive(Debug)]
pub(crate) struct Number128;

impl SerializeAs<Decimal> for Number128 {
    fn serialize_as<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        decimal_to_bson(*value).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> DeserializeAs<'de, Decimal> for Number128 {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        decimal_from_bson(&value).ok_or_else(|| D::Error::custom(format!("{value} is not a decimal number")))
    }
}

/// An instant stored as a BSON date, which keeps milliseconds: anything finer is cut off.
#[derive(Debug)]
pub(crate) struct Millis;

impl SerializeAs<DateTime<Utc>> for Millis {
    fn serialize_as<S: Serializer>(value: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        bson::DateTime::from_chrono(*value).serialize(serializer)
    }
}

impl<'de> DeserializeAs<'de, DateTime<Utc>> for Millis {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        bson::DateTime::deserialize(deserializer).map(bson::DateTime::to_chrono)
    }
}

/// The instant as it will read after it was stored.
pub(crate) fn to_stored_precision(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(3)
}

/// A decimal as BSON, without trailing zeros, so that equal amounts are equal bytes.
///
/// # Errors
///
/// Where the text form is not a Decimal128; no value of [`Decimal`] is known to be one, as it has at most 29 digits of
/// the 34.
pub(crate) fn decimal_to_bson(value: Decimal) -> Result<Bson, bson::error::Error> {
    Decimal128::from_str(&value.normalize().to_string()).map(Bson::Decimal128)
}

/// A decimal from any numeric BSON value, or from text. A double becomes the shortest decimal that reads as the same
/// double (2376.1965000000005 stays that; rounding to a currency's minor unit is the caller's). `None` for anything
/// else: infinities, NaN, numbers beyond the range of [`Decimal`].
pub(crate) fn decimal_from_bson(value: &Bson) -> Option<Decimal> {
    match value {
        Bson::Int32(number) => Some(Decimal::from(*number)),
        Bson::Int64(number) => Some(Decimal::from(*number)),
        Bson::Double(number) => shortest_decimal(*number),
        Bson::Decimal128(number) => parse(&number.to_string()),
        Bson::String(text) => parse(text.trim()),
        _ => None,
    }
}

/// A whole number of BSON's three number types, where it is one.
pub(crate) fn integer_from_bson(value: &Bson) -> Option<i64> {
    decimal_from_bson(value).filter(Decimal::is_integer)?.to_i64()
}

fn shortest_decimal(number: f64) -> Option<Decimal> {
    // Rust prints the shortest digits that round-trip; more than 28 of them (tiny numbers) are rounded.
    parse(&number.to_string()).or_else(|| Decimal::from_f64(number))
}

fn parse(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .or_else(|_| Decimal::from_str(text))
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[serde_with::serde_as]
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        #[serde_as(as = "Number128")]
        amount: Decimal,
        #[serde_as(as = "Option<Number128>")]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tip: Option<Decimal>,
        #[serde_as(as = "Millis")]
        at: DateTime<Utc>,
        #[serde_as(as = "Option<Millis>")]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    }

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str(text).unwrap()
    }

    #[test]
    fn every_numeric_type_is_read() {
        let cases = [
            (Bson::Int32(2738), "2738"),
            (Bson::Int64(-5), "-5"),
            (Bson::Double(260.1675), "260.1675"),
            (Bson::Double(2_376.196_500_000_000_5), "2376.1965000000005"),
            (Bson::Double(1e-7), "0.0000001"),
            (Bson::Decimal128("1E+3".parse().unwrap()), "1000"),
            (Bson::Decimal128("2738.50".parse().unwrap()), "2738.5"),
            (Bson::String(" 12.5 ".to_owned()), "12.5"),
        ];
        for (stored, read) in cases {
            assert_eq!(decimal_from_bson(&stored), Some(decimal(read)), "{stored}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let others = [
            Bson::Null,
            Bson::Boolean(true),
            Bson::Double(f64::NAN),
            Bson::Double(f64::INFINITY),
            Bson::Double(1e40),
            Bson::Decimal128("NaN".parse().unwrap()),
            Bson::String("twelve".to_owned()),
            Bson::String(String::new()),
        ];
        for other in others {
            assert_eq!(decimal_from_bson(&other), None, "{other}");
        }
    }

    #[test]
    fn documents_hold_decimals_and_dates_and_no_nulls() {
        let at = DateTime::from_timestamp(1_795_336_365, 170_900_000).unwrap();
        let sample = Sample { amount: decimal("150.00"), tip: None, at, until: None };
        let stored = bson::serialize_to_document(&sample).unwrap();
        let expected = bson::doc! {
            "amount": Decimal128::from_str("150").unwrap(),
            "at": bson::DateTime::from_millis(1_795_336_365_170),
        };
        assert_eq!(stored, expected);
        let read: Sample = bson::deserialize_from_document(stored).unwrap();
        assert_eq!(read, Sample { at: to_stored_precision(at), ..sample });
    }

    #[test]
    fn a_number_is_not_a_date() {
        let document = bson::doc! { "amount": 1, "at": 5 };
        assert!(bson::deserialize_from_document::<Sample>(document).is_err());
    }

    proptest! {
        #[test]
        fn decimals_survive_storage(mantissa in any::<i64>(), scale in 0_u32..=28) {
            let amount = Decimal::new(mantissa, scale);
            prop_assert_eq!(decimal_from_bson(&decimal_to_bson(amount).unwrap()), Some(amount));
        }

        #[test]
        fn doubles_read_as_they_print(number in -1e15_f64..1e15) {
            let read = decimal_from_bson(&Bson::Double(number)).unwrap();
            prop_assert!((read.to_f64().unwrap() - number).abs() <= number.abs() * 1e-15);
        }

        #[test]
        fn whole_numbers_are_whole_in_any_type(number in -1_000_000_i32..1_000_000) {
            let whole = Some(i64::from(number));
            prop_assert_eq!(integer_from_bson(&Bson::Int32(number)), whole);
            prop_assert_eq!(integer_from_bson(&Bson::Double(f64::from(number))), whole);
            prop_assert_eq!(integer_from_bson(&Bson::Double(f64::from(number) + 0.5)), None);
        }
    }
}
