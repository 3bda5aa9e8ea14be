use std::{any::Any, fmt, ops::Deref, sync::Arc};

use super::number::number;

number! {
    /// How often an aggregate has been rewritten: `__v` in MongoDB. A stored document without the field has
    /// version 0.
    Version {
        /// The version of a new aggregate.
        FIRST
    }
}

/// Data that an adapter needs again when the value is written back: the raw document, for example.
///
/// Opaque to all other code, and cheap to clone.
#[derive(Clone, Default)]
pub struct Origin(Option<Arc<dyn Any + Send + Sync>>);

impl Origin {
    /// No origin: the value is new, or the adapter needs none.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Wraps the adapter's data.
    #[must_use]
    pub fn new<T: Any + Send + Sync>(origin: T) -> Self {
        Self(Some(Arc::new(origin)))
    }

    /// The wrapped data, if it is a `T`.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Origin(..)" } else { "Origin" })
    }
}

/// A stored value with its version. It dereferences to the value.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// The version when it was read.
    pub version: Version,
    /// The adapter's data for the next write.
    pub origin: Origin,
}

impl<T> Deref for Stored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
