//! Checked text, read without checks.

use baitech_core::booking::BookingNumber;
use baitech_core::kernel::{Email, PhoneNumber, Text, Username};
use baitech_core::store::ClaimKey;
use baitech_core::transaction::TransactionNumber;
use serde::de::{Deserialize, Deserializer};
use serde::ser::Serializer;
use serde_with::{DeserializeAs, SerializeAs};

/// Text that the domain checks on input, and that a store reads without a check.
pub(crate) trait StoredText {
    fn read(text: String) -> Self;
    fn text(&self) -> &str;
}

/// A [`StoredText`] stored as a string.
#[derive(Debug)]
pub(crate) struct AsText;

impl<T: StoredText> SerializeAs<T> for AsText {
    fn serialize_as<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value.text())
    }
}

impl<'de, T: StoredText> DeserializeAs<'de, T> for AsText {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        String::deserialize(deserializer).map(T::read)
    }
}

impl<const MAX: usize> StoredText for Text<MAX> {
    fn read(text: String) -> Self {
        Self::from_stored(text)
    }

    fn text(&self) -> &str {
        self.as_str()
    }
}

impl StoredText for ClaimKey {
    fn read(text: String) -> Self {
        Self::from_stored(&text)
    }

    fn text(&self) -> &str {
        self.as_str()
    }
}

/// The other types of checked text, each with the function that reads it.
macro_rules! stored_text {
    ($($Type:ident::$read:ident,)+) => {
        $(impl StoredText for $Type {
            fn read(text: String) -> Self {
                Self::$read(text)
            }

            fn text(&self) -> &str {
                self.as_str()
            }
        })+
    };
}

stored_text! {
    Username::from_stored,
    BookingNumber::from_stored,
    TransactionNumber::from_stored,
    // The earlier application stored addresses as they were typed; they read in their normal form.
    Email::normalized,
    // The earlier application stored `07…` as well as `+2547…`; both read as the latter.
    PhoneNumber::normalized,
}
