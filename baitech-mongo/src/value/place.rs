//! Points on the map, and real numbers.

use baitech_core::kernel::GeoPoint;
use bson::Bson;
use rust_decimal::prelude::ToPrimitive;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use serde_with::{DeserializeAs, SerializeAs};

use super::number::decimal_from_bson;

/// A finite double, read from any number or numeric text.
#[derive(Debug)]
pub(crate) struct Finite;

impl SerializeAs<f64> for Finite {
    fn serialize_as<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*value)
    }
}

impl<'de> DeserializeAs<'de, f64> for Finite {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        finite(&value).ok_or_else(|| D::Error::custom(format!("{value} is not a finite number")))
    }
}

fn finite(value: &Bson) -> Option<f64> {
    match value {
        Bson::Double(number) => Some(*number).filter(|number| number.is_finite()),
        other => decimal_from_bson(other)?.to_f64(),
    }
}

/// A point as GeoJSON's coordinates: longitude, latitude. An empty array reads as no point.
#[derive(Debug)]
pub(crate) struct Coordinates;

impl SerializeAs<Option<GeoPoint>> for Coordinates {
    fn serialize_as<S: Serializer>(point: &Option<GeoPoint>, serializer: S) -> Result<S::Ok, S::Error> {
        point.map(|point| [point.longitude(), point.latitude()]).serialize(serializer)
    }
}

impl<'de> DeserializeAs<'de, Option<GeoPoint>> for Coordinates {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Option<GeoPoint>, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        let numbers = match &value {
            Bson::Null | Bson::Undefined => return Ok(None),
            Bson::Array(numbers) if numbers.is_empty() => return Ok(None),
            Bson::Array(numbers) => numbers.as_slice(),
            _ => &[],
        };
        let point = match numbers {
            [longitude, latitude, ..] => finite(longitude).zip(finite(latitude)),
            _ => None,
        };
        let point = point.and_then(|(longitude, latitude)| GeoPoint::new(longitude, latitude).ok());
        point.map(Some).ok_or_else(|| D::Error::custom(format!("{value} is not longitude and latitude")))
    }
}

#[cfg(test)]
mod tests {
    use bson::{bson, doc};
    use serde::Deserialize;

    use super::*;

    #[serde_with::serde_as]
    #[derive(Debug, Deserialize)]
    struct Sample {
        #[serde_as(as = "Coordinates")]
        #[serde(default)]
        coordinates: Option<GeoPoint>,
    }

    #[test]
    fn coordinates_are_two_numbers_in_range() {
        let read = |coordinates: Bson| {
            let sample: Result<Sample, _> =
                bson::deserialize_from_document(doc! { "coordinates": coordinates });
            sample.map(|sample| sample.coordinates.map(|point| (point.longitude(), point.latitude())))
        };
        for right in [bson!([36.8, -1.2]), bson!(["36.8", " -1.2"]), bson!([36.8, -1.2, 1700])] {
            assert_eq!(read(right.clone()).unwrap(), Some((36.8, -1.2)), "{right}");
        }
        for none in [bson!([]), Bson::Null] {
            assert_eq!(read(none).unwrap(), None);
        }
        let nowhere = [
            bson!([null, null]),
            bson!([f64::NAN, 0.0]),
            bson!([36.8]),
            bson!([181, 0]),
            bson!({ "lat": 1 }),
            bson!("Nairobi"),
            bson!(5),
        ];
        for wrong in nowhere {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
