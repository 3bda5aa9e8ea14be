use std::fmt;

use serde::Serialize;

/// The name of a domain rule that can refuse a command: `time_slot_taken`.
///
/// Each feature declares its own rules as constants of this type, and an embedder may declare more.
///
/// ```
/// use baitech_core::kernel::{Error, Rule};
///
/// const CLOSED_TODAY: Rule = Rule::new("closed_today");
///
/// let refused = Error::refused(CLOSED_TODAY, "the office is closed today");
/// assert_eq!(refused.rule(), Some(CLOSED_TODAY));
/// assert_eq!(CLOSED_TODAY.as_str(), "closed_today");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Rule(&'static str);

/// The rules of every state machine.
impl Rule {
    /// The state machine has no such transition, or not for this actor.
    pub const TRANSITION: Self = Self::new("transition");
    /// It is too early.
    pub const TOO_EARLY: Self = Self::new("too_early");
    /// It is too late.
    pub const TOO_LATE: Self = Self::new("too_late");
    /// It was already decided.
    pub const ALREADY_DECIDED: Self = Self::new("already_decided");
    /// Another decision is needed first.
    pub const UNDECIDED: Self = Self::new("undecided");
}

impl Rule {
    /// Creates a rule from its name on the wire, in lower case with underscores.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
