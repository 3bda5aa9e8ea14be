use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{Code, Violation};

mod clean;
mod email;
mod phone;
mod words;

use clean::clean;
pub(crate) use clean::visible;
pub(crate) use words::{query_words, words};

/// Text of at most `MAX` characters from a user: trimmed, in Unicode's composed form (NFC), with at least one
/// visible character.
///
/// Control characters other than line breaks and tabs are refused, as are characters that reorder what a
/// reader sees (such as U+202E). Joiners and variation selectors are kept, since emoji and many scripts need
/// them.
///
/// Otherwise the text is kept unchanged; escape it when you render it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Checks and trims the value of `field`.
    ///
    /// # Errors
    /// A [`Violation`] of `field`: [`Code::Required`], [`Code::TooLong`] or [`Code::Malformed`].
    pub fn new(field: impl Into<Cow<'static, str>>, text: &str) -> Result<Self, Violation> {
        let text = match clean(text) {
            Ok(text) => text,
            Err(flaw) => return Err(flaw.of(field)),
        };
        if text.chars().count() > MAX {
            return Err(Violation::new(field, Code::TooLong, format!("must have at most {MAX} characters")));
        }
        Ok(Self(text.into_owned()))
    }

    /// Like [`new`](Self::new), but `None` for missing or blank text.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`Code::Required`] only for text that consists of invisible characters.
    pub fn optional(
        field: impl Into<Cow<'static, str>>,
        text: Option<&str>,
    ) -> Result<Option<Self>, Violation> {
        text.filter(|text| !text.trim().is_empty()).map(|text| Self::new(field, text)).transpose()
    }

    /// Text as a store has it. It is not checked: rules apply to new values, not to what an earlier
    /// application wrote.
    #[must_use]
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::new("text", &text).map_err(serde::de::Error::custom)
    }
}

macro_rules! parsed_text {
    ($(#[$meta:meta])* $name:ident, $field:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Text as a store has it, without a check: rules apply to new values only.
            #[must_use]
            pub fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text in its normal form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Violation;

            fn try_from(text: String) -> Result<Self, Violation> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

parsed_text!(
    /// An e-mail address in its normal form: lower case, with the domain in IDNA's ASCII form
    /// (`info@xn--bcher-kva.example`).
    Email,
    "email"
);
parsed_text!(
    /// A phone number in E.164 form: `+254712345678`.
    PhoneNumber,
    "phoneNumber"
);
parsed_text!(
    /// The name by which a user is mentioned: 3 to 30 characters of `a-z`, `0-9` and `_`.
    Username,
    "username"
);

impl Username {
    /// Parses a name, with or without the `@`, in any case.
    ///
    /// # Errors
    /// A [`Violation`] of `username` with [`Code::Malformed`].
    pub fn new(text: &str) -> Result<Self, Violation> {
        let text = text.trim().trim_start_matches('@').to_lowercase();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if (3..=30).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            let message = "must have 3 to 30 of the letters a-z, digits and _";
            Err(Violation::new("username", Code::Malformed, message))
        }
    }
}

/// A percentage: a whole number from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

impl Percent {
    /// Creates a percentage.
    ///
    /// # Errors
    /// A [`Violation`] of `score` with [`Code::OutOfRange`] for more than 100.
    pub fn new(percent: u8) -> Result<Self, Violation> {
        if percent <= 100 {
            Ok(Self(percent))
        } else {
            Err(Violation::new("score", Code::OutOfRange, "must be between 0 and 100"))
        }
    }

    /// The percentage.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Percent {
    type Error = Violation;

    fn try_from(percent: u8) -> Result<Self, Violation> {
        Self::new(percent)
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

#[cfg(test)]
mod tests;
