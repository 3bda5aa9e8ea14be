//! Fields that the earlier application used for something else.

use bson::Bson;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_with::DeserializeAs;

/// What cannot be read reads as missing. A save then leaves it as it is, unless it has something to put
/// there.
#[derive(Debug)]
pub(crate) struct Lenient;

impl<'de, T: DeserializeOwned> DeserializeAs<'de, Option<T>> for Lenient {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        Ok(bson::deserialize_from_bson(value).ok())
    }
}
