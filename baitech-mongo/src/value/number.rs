//! Numbers: money as Decimal128, and whole and real numbers of any type that JavaScript wrote.

use std::str::FromStr;

use bson::{Bson, Decimal128};
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

/// A decimal that is not money (a mean of stars, minutes): stored as a double, like in JavaScript.
#[derive(Debug)]
pub(crate) struct Real;

impl SerializeAs<Decimal> for Real {
    fn serialize_as<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        let number =
            value.to_f64().ok_or_else(|| S::Error::custom("a decimal beyond the range of doubles"))?;
        serializer.serialize_f64(number)
    }
}

impl<'de> DeserializeAs<'de, Decimal> for Real {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        Number128::deserialize_as(deserializer)
    }
}

/// A whole number, read from any numeric type and rounded down, because JavaScript has no integer type.
#[derive(Debug)]
pub(crate) struct Whole;

impl<T: Copy + TryInto<i64>> SerializeAs<T> for Whole {
    fn serialize_as<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        let number = (*value).try_into().map_err(|_| S::Error::custom("a whole number beyond 64 bits"))?;
        whole_to_bson(number).serialize(serializer)
    }
}

impl<'de, T: TryFrom<i64>> DeserializeAs<'de, T> for Whole {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        let whole = decimal_from_bson(&value).and_then(|number| T::try_from(number.floor().to_i64()?).ok());
        whole.ok_or_else(|| D::Error::custom(format!("{value} is not a whole number in range")))
    }
}

/// A whole number in the smallest type that holds it, as the earlier application's driver chose it.
pub(crate) fn whole_to_bson(number: i64) -> Bson {
    i32::try_from(number).map_or(Bson::Int64(number), Bson::Int32)
}

/// A decimal as BSON, without trailing zeros, so that equal amounts are equal bytes.
///
/// # Errors
///
/// If the text form is not a Decimal128. No such value of [`Decimal`] is known, since it has at most 29 of
/// the 34 digits.
pub(crate) fn decimal_to_bson(value: Decimal) -> Result<Bson, bson::error::Error> {
    Decimal128::from_str(&value.normalize().to_string()).map(Bson::Decimal128)
}

/// A decimal from any numeric BSON value, or from text. A double becomes the shortest decimal that reads as
/// the same double (2376.1965000000005 stays that; rounding to a currency's minor unit is the caller's).
/// `None` for anything else: infinities, NaN, numbers beyond the range of [`Decimal`].
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
    #[serde_with::skip_serializing_none]
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        #[serde_as(as = "Number128")]
        amount: Decimal,
        #[serde_as(as = "Option<Number128>")]
        tip: Option<Decimal>,
        #[serde_as(as = "Option<Whole>")]
        years: Option<u32>,
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
    fn values_that_are_not_numbers_are_refused() {
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
    fn documents_hold_decimals_and_small_integers_and_no_nulls() {
        let sample = Sample { amount: decimal("150.00"), tip: None, years: Some(7) };
        let stored = bson::serialize_to_document(&sample).unwrap();
        assert_eq!(stored, bson::doc! { "amount": Decimal128::from_str("150").unwrap(), "years": 7_i32 });
        assert_eq!(bson::deserialize_from_document::<Sample>(stored).unwrap(), sample);
    }

    #[test]
    fn whole_numbers_are_read_from_doubles_and_refused_out_of_range() {
        let read = |years: Bson| -> Result<Sample, _> {
            bson::deserialize_from_document(bson::doc! { "amount": 1, "years": years })
        };
        assert_eq!(read(Bson::Double(7.0)).unwrap().years, Some(7));
        assert_eq!(read(Bson::Double(1.5)).unwrap().years, Some(1));
        assert_eq!(read(Bson::Null).unwrap().years, None);
        assert!(read(Bson::Int32(-1)).is_err());
        assert!(read(Bson::Int64(i64::MAX)).is_err());
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
    }
}
