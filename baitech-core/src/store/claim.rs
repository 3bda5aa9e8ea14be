use std::{fmt, sync::Arc};

use super::AggregateRef;

/// The name of a claim, which only one aggregate may hold at a time: a quarter of an hour of a technician, an
/// e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey(Arc<str>);

impl ClaimKey {
    /// The key of a thing in a namespace: `("user.email", "a@b.ke")`.
    #[must_use]
    pub fn new(space: &str, thing: impl fmt::Display) -> Self {
        Self(format!("{space}/{thing}").into())
    }

    /// The key from its stored form.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The namespace.
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

/// A key with its holder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// The key.
    pub key: ClaimKey,
    /// The aggregate that holds it.
    pub holder: AggregateRef,
}
