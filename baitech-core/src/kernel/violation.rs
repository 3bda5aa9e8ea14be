use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// Why a value is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// It is missing or blank.
    Required,
    /// It cannot be parsed.
    Malformed,
    /// It is longer than it may be.
    TooLong,
    /// There are too many of them.
    TooMany,
    /// It is out of range.
    OutOfRange,
    /// It is in the past.
    InPast,
    /// The end is not after the start.
    Order,
    /// Another record has this value.
    Duplicate,
    /// It refers to something that does not exist or is not suitable.
    Unknown,
    /// It is in another currency.
    Currency,
}

/// One invalid value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The name of the field on the wire, with dots (`timeSlot.endTime`).
    pub field: Cow<'static, str>,
    /// Why it is invalid.
    pub code: Code,
    /// A message for the user.
    pub message: Cow<'static, str>,
}

impl Violation {
    /// Creates a violation of `field`.
    #[must_use]
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: Code,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }

    /// The same violation, with the field nested in another one.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = format!("{parent}.{}", self.field).into();
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for Violation {}

/// All invalid values of a request. Never empty inside an [`Error`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Creates an empty collection.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a violation.
    pub fn push(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// Returns the value of a check, or adds its violation.
    pub fn check<T>(&mut self, checked: std::result::Result<T, Violation>) -> Option<T> {
        checked.map_err(|violation| self.push(violation)).ok()
    }

    /// Assigns the value of a check, or adds its violation.
    pub fn set<T>(&mut self, place: &mut T, checked: std::result::Result<T, Violation>) {
        if let Some(value) = self.check(checked) {
            *place = value;
        }
    }

    /// Whether there are no violations.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails if there are violations.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all of them.
    pub fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }

    /// All violations, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self(vec![violation])
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
