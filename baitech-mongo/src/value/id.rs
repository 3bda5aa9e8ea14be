//! Ids as `ObjectId`.

use baitech_core::kernel::Id;
use bson::oid::ObjectId;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_with::{DeserializeAs, SerializeAs};

/// A typed id stored as an `ObjectId` with the same bytes.
#[derive(Debug)]
pub(crate) struct Oid;

impl<T> SerializeAs<Id<T>> for Oid {
    fn serialize_as<S: Serializer>(value: &Id<T>, serializer: S) -> Result<S::Ok, S::Error> {
        oid(*value).serialize(serializer)
    }
}

impl<'de, T> DeserializeAs<'de, Id<T>> for Oid {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Id<T>, D::Error> {
        ObjectId::deserialize(deserializer).map(|id| Id::from_bytes(id.bytes()))
    }
}

/// The `ObjectId` with the bytes of an id.
pub(crate) fn oid<T>(id: Id<T>) -> ObjectId {
    ObjectId::from_bytes(id.to_bytes())
}
