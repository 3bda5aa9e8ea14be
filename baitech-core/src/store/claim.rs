use std::{fmt, sync::Arc};

use super::AggregateRef;

/// The name of something that only one may hold at a time: a quarter of an hour of a technician, an e-mail
/// address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey(Arc<str>);

impl ClaimKey {
    /// The key of a thing in a space of names: `("user.email", "a@b.ke")`.
    #[must_use]
    pub fn new(space: &str, thing: impl fmt::Display) -> Self {
        Self(format!("{space}/{thing}").into())
    }

    /// The key as a store kept it.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The space of names.
    #[must_use]
    pub fn space(&self) -> &str {
        self.0.split_once('/').map_or("", |(space, _)| space)
    }

    /// The whole key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key and who holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// What is held.
    pub key: ClaimKey,
    /// By whom.
    pub holder: AggregateRef,
}
