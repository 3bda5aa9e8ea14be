use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Entropy;

/// The identifier of a `T`: twelve bytes, written as 24 hexadecimal digits; an `ObjectId` in MongoDB.
///
/// The type parameter prevents passing the id of a user as the id of a booking.
///
/// ```
/// use baitech_core::{kernel::Id, booking::Booking};
/// let id: Id<Booking> = "6b02a8c0ffb68dbb1a224c14".parse()?;
/// assert_eq!(id.to_string(), "6b02a8c0ffb68dbb1a224c14");
/// # Ok::<(), baitech_core::kernel::ParseIdError>(())
/// ```
pub struct Id<T> {
    bytes: [u8; 12],
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// Creates an id from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self { bytes, of: PhantomData }
    }

    /// The twelve bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 12] {
        self.bytes
    }

    /// Generates an id: four bytes of seconds since 1970, then eight random bytes, so that ids sort roughly
    /// by age.
    #[must_use]
    pub fn generate(now: DateTime<Utc>, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 12];
        let (time, random) = bytes.split_at_mut(4);
        let seconds = u32::try_from(now.timestamp()).unwrap_or(0);
        time.copy_from_slice(&seconds.to_be_bytes());
        entropy.fill(random);
        Self::from_bytes(bytes)
    }

    /// Converts to an id of another type, for references whose target is known from elsewhere.
    #[must_use]
    pub const fn cast<U>(self) -> Id<U> {
        Id::from_bytes(self.bytes)
    }
}

/// Marker type for the `_id` that the earlier application gave to array elements inside a document.
#[derive(Debug)]
pub enum Element {}

/// The `_id` of an array element; `None` if the stored element has none.
pub type ElementId = Option<Id<Element>>;

impl<T> Copy for Id<T> {}
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One write instead of twelve formatted ones: every claim key contains an id, and a commit creates
        // ten of them.
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or(b'0', |digit| digit as u8);
        let mut text = [0; 24];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.bytes) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not 24 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id must have 24 hexadecimal digits")]
pub struct ParseIdError;

impl<T> FromStr for Id<T> {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        if text.len() != 24 || !text.is_ascii() {
            return Err(ParseIdError);
        }
        let mut bytes = [0; 12];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |c: Option<&u8>| c.and_then(|c| char::from(*c).to_digit(16));
            let (Some(high), Some(low)) = (digit(pair.first()), digit(pair.last())) else {
                return Err(ParseIdError);
            };
            *byte = u8::try_from(high * 16 + low).map_err(|_| ParseIdError)?;
        }
        Ok(Self::from_bytes(bytes))
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
