//! Short names that are stored inline, so that the keys that contain them are `Copy`.

/// Up to 32 bytes of lower-case ASCII letters, digits and underscores, padded with zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word([u8; Word::MAX_BYTES]);

impl Word {
    pub(super) const MAX_BYTES: usize = 32;

    /// `None` for an empty or long text, or one with other characters.
    #[expect(clippy::indexing_slicing, reason = "`length` is below `MAX_BYTES`; `get_mut` is not const")]
    pub(super) const fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::MAX_BYTES];
        let mut rest = text.as_bytes();
        let mut length = 0;
        while let [first, tail @ ..] = rest {
            let is_allowed = first.is_ascii_lowercase() || first.is_ascii_digit() || *first == b'_';
            if !is_allowed || length >= Self::MAX_BYTES {
                return None;
            }
            bytes[length] = *first;
            length += 1;
            rest = tail;
        }
        if length == 0 { None } else { Some(Self(bytes)) }
    }

    pub(super) fn as_str(&self) -> &str {
        let text = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        // Only ASCII is ever stored, so this never falls back.
        std::str::from_utf8(text).unwrap_or_default()
    }
}

/// Defines a public name over a [`Word`].
macro_rules! word {
    ($(#[$doc:meta])+ $Name:ident($field:literal)) => {
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(super::word::Word);

        impl $Name {
            /// Creates it from its name on the wire: 1 to 32 lower-case ASCII letters, digits and
            /// underscores. Call it in a constant, so that the compiler checks the name.
            ///
            /// # Panics
            /// For any other text.
            #[must_use]
            pub const fn new(name: &'static str) -> Self {
                match super::word::Word::new(name) {
                    Some(word) => Self(word),
                    None => panic!("must be 1 to 32 lower-case letters, digits and underscores"),
                }
            }

            /// The name on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl std::str::FromStr for $Name {
            type Err = crate::kernel::Violation;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                super::word::Word::new(text).map(Self).ok_or_else(|| {
                    let message = "must be 1 to 32 lower-case letters, digits and underscores";
                    crate::kernel::Violation::new($field, crate::kernel::Code::Malformed, message)
                })
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::fmt::Debug for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($Name), self.as_str())
            }
        }
    };
}

pub(super) use word;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_up_to_32_bytes_of_its_alphabet() {
        let longest = "a".repeat(Word::MAX_BYTES);
        for text in ["like", "up_2", "_", longest.as_str()] {
            assert_eq!(Word::new(text).unwrap().as_str(), text);
        }
        let too_long = "a".repeat(Word::MAX_BYTES + 1);
        for text in ["", "Like", "a b", "a:b", "\0", "é", too_long.as_str()] {
            assert!(Word::new(text).is_none(), "{text:?}");
        }
    }
}
