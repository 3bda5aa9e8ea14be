use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{Code, Current, Kind, MoneyError, Rule, Violation, Violations};

/// The result of an engine command or query.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command or query failed. Nothing was stored, except with [`Error::Unavailable`], where the outcome
/// is unknown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The object does not exist, or this actor may not see it.
    #[error("{kind} {id} does not exist")]
    NotFound {
        /// The kind of object.
        kind: Kind,
        /// The id or number.
        id: String,
    },
    /// This actor may never do this, whatever the state.
    #[error("not permitted: {reason}")]
    Forbidden {
        /// The reason, which names the permitted actors.
        reason: Cow<'static, str>,
    },
    /// Invalid values; lists all of them.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// A domain rule forbids the command in the current state.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// The aggregate was changed concurrently; contains its current state. Decide again.
    #[error("the {} was changed concurrently", .0.kind())]
    Conflict(Current),
    /// A unique value exists already: a number, a provider's reference or notice. Duplicates of values that
    /// users choose themselves (address, phone number, name) are [`Error::Invalid`] with [`Code::Duplicate`].
    #[error("{0} already exists")]
    Duplicate(Unique),
    /// Stored data cannot be read. A retry does not help: an operator must repair it.
    #[error("{id} in {collection} is unreadable: {reason}")]
    Corrupt {
        /// The collection or table.
        collection: &'static str,
        /// The document.
        id: String,
        /// What cannot be read, and where; for an operator, never for a client.
        reason: String,
    },
    /// A fault of the engine or its store, such as a malformed change set. Nothing was stored, and a retry
    /// does not help: an operator must investigate.
    #[error("internal error: {reason}")]
    Internal {
        /// What went wrong; for an operator, never for a client.
        reason: String,
    },
    /// The store or a provider cannot be reached or did not answer; the outcome is unknown. A retry is safe
    /// only with the same idempotency key.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// The reason of the store; for an operator, never for a client.
        reason: String,
    },
}

impl Error {
    /// Creates [`Error::NotFound`].
    #[must_use]
    pub fn not_found(kind: Kind, id: impl fmt::Display) -> Self {
        Self::NotFound { kind, id: id.to_string() }
    }

    /// Creates [`Error::Forbidden`].
    #[must_use]
    pub fn forbidden(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Forbidden { reason: reason.into() }
    }

    /// Creates [`Error::Refused`] for a rule.
    #[must_use]
    pub fn refused(rule: Rule, message: impl Into<String>) -> Self {
        Self::Refused(Box::new(Refusal {
            rule,
            message: message.into(),
            state: None,
            requested: None,
            allowed: Vec::new(),
        }))
    }

    /// The rule that was violated, for [`Error::Refused`].
    #[must_use]
    pub fn rule(&self) -> Option<Rule> {
        match self {
            Self::Refused(refusal) => Some(refusal.rule),
            _ => None,
        }
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Invalid(violation.into())
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        let (field, code) = match error {
            MoneyError::Currencies(..) => ("currency", Code::Currency),
            MoneyError::Overflow | MoneyError::NoShares | MoneyError::Fraction => {
                ("amount", Code::OutOfRange)
            }
        };
        Violation::new(field, code, error.to_string()).into()
    }
}

/// Unique values, except those that users choose themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unique {
    /// A booking number. The engine draws another one.
    BookingNumber,
    /// A transaction number. The engine draws another one.
    TransactionNumber,
    /// A provider's reference to an operation.
    ProviderReference,
    /// A provider's notice that was applied before.
    ProviderNews,
    /// A provider's receipt that was counted before.
    Receipt,
    /// A claim of another kind.
    Claim,
}

impl Unique {
    /// Whether the engine draws this value.
    #[must_use]
    pub const fn is_drawn(self) -> bool {
        match self {
            Self::BookingNumber | Self::TransactionNumber => true,
            Self::ProviderReference | Self::ProviderNews | Self::Receipt | Self::Claim => false,
        }
    }
}

impl fmt::Display for Unique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BookingNumber => "the booking number",
            Self::TransactionNumber => "the transaction number",
            Self::ProviderReference => "the provider's reference",
            Self::ProviderNews => "the provider's news",
            Self::Receipt => "the provider's receipt",
            Self::Claim => "the claim",
        })
    }
}

/// The refusal of a command by a domain rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The violated rule.
    pub rule: Rule,
    /// A message for the user.
    pub message: String,
    /// The current state, if the rule is about states.
    pub state: Option<&'static str>,
    /// The requested state.
    pub requested: Option<&'static str>,
    /// The states that this actor could request now.
    pub allowed: Vec<&'static str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
