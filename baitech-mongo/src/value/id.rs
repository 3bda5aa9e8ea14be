//! Ids as `ObjectId`.

use baitech_core::kernel::Id;
use bson::Bson;
use bson::oid::ObjectId;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use serde_with::{DeserializeAs, SerializeAs};

/// A typed id stored as an `ObjectId` with the same bytes. Its 24 hexadecimal digits as a text are read too.
#[derive(Debug)]
pub(crate) struct Oid;

impl<T> SerializeAs<Id<T>> for Oid {
    fn serialize_as<S: Serializer>(value: &Id<T>, serializer: S) -> Result<S::Ok, S::Error> {
        oid(*value).serialize(serializer)
    }
}

impl<'de, T> DeserializeAs<'de, Id<T>> for Oid {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Id<T>, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        let id = match &value {
            Bson::ObjectId(id) => Some(*id),
            Bson::String(digits) => ObjectId::parse_str(digits.trim()).ok(),
            _ => None,
        };
        let id = id.ok_or_else(|| D::Error::custom(format!("{value} is not an id")))?;
        Ok(Id::from_bytes(id.bytes()))
    }
}

/// The `ObjectId` with the bytes of an id.
pub(crate) fn oid<T>(id: Id<T>) -> ObjectId {
    ObjectId::from_bytes(id.to_bytes())
}
