//! Fields that the earlier application used for something else.

use bson::Bson;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_with::DeserializeAs;

/// An unreadable value reads as missing. A save keeps the raw value, unless it writes a new one.
#[derive(Debug)]
pub(crate) struct Lenient;

impl<'de, T: DeserializeOwned> DeserializeAs<'de, Option<T>> for Lenient {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        Ok(bson::deserialize_from_bson(value).ok())
    }
}
