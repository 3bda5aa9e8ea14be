use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// In which way a value is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// It is missing or blank.
    Required,
    /// It cannot be read as what it should be.
    Malformed,
    /// It is longer than it may be.
    TooLong,
    /// There are more of them than there may be.
    TooMany,
    /// It is outside of its bounds.
    OutOfRange,
    /// It lies in the past.
    InPast,
    /// The end comes before the start, or with it.
    Order,
    /// Another record has it already.
    Duplicate,
    /// It refers to something that does not exist or will not do.
    Unknown,
    /// It is in another currency.
    Currency,
}

/// One invalid value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where: the name of the field on the wire, with dots (`timeSlot.endTime`).
    pub field: Cow<'static, str>,
    /// In which way.
    pub code: Code,
    /// What a person should know.
    pub message: Cow<'static, str>,
}

impl Violation {
    /// A violation of `field`.
    #[must_use]
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: Code,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }

    /// The same violation of a field inside of another.
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

/// Every invalid value of a request at once. Never empty inside an [`Error`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    pub fn push(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// Takes the value out of a check, or keeps its violation and goes on to the next field.
    pub fn check<T>(&mut self, checked: std::result::Result<T, Violation>) -> Option<T> {
        checked.map_err(|violation| self.push(violation)).ok()
    }

    /// Puts the value out of a check in its place, or keeps its violation.
    pub fn set<T>(&mut self, place: &mut T, checked: std::result::Result<T, Violation>) {
        if let Some(value) = self.check(checked) {
            *place = value;
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails if there is any.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all of them.
    pub fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }

    /// All of them, in the order in which they were found.
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
