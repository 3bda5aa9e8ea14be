use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{Code, Current, Kind, MoneyError, Rule, Violation, Violations};

/// The result of a command or a query of the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command or query did nothing. In each case nothing was stored, except where [`Error::Unavailable`]
/// says that nobody knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such thing, or none that this actor may know of.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// What was looked for.
        kind: Kind,
        /// By which id or number.
        id: String,
    },
    /// This actor may not do this at all, whatever the state.
    #[error("not permitted: {reason}")]
    Forbidden {
        /// Who could.
        reason: Cow<'static, str>,
    },
    /// Values that break a rule of form; all of them.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// A rule of the domain says no as things stand now.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// Somebody else changed it meanwhile: here is how it is now. Decide again.
    #[error("the {} was changed meanwhile", .0.kind())]
    Conflict(Current),
    /// Something that must be unique is there already: a number, a provider's reference or news. What people
    /// choose themselves (address, phone number, name) is [`Error::Invalid`] with [`Code::Duplicate`].
    #[error("{0} is there already")]
    Duplicate(Unique),
    /// Stored data cannot be read. A repetition does not help: an operator has to mend it.
    #[error("{id} in {collection} cannot be read: {reason}")]
    Corrupt {
        /// The collection or table.
        collection: &'static str,
        /// The document.
        id: String,
        /// Where and how, for an operator; nothing of it is for a client's eyes.
        reason: String,
    },
    /// A fault of the engine or of its store, such as a change that the store cannot take. Nothing was
    /// stored, and a repetition does not help: an operator has to look at it.
    #[error("internal error: {reason}")]
    Internal {
        /// What went wrong, for an operator; nothing of it is for a client's eyes.
        reason: String,
    },
    /// The store or a provider cannot be reached or gave no answer; the outcome is unknown. A retry is safe
    /// only with the same idempotency key.
    #[error("not available: {reason}")]
    Unavailable {
        /// What the store said, for an operator; nothing of it is for a client's eyes.
        reason: String,
    },
}

impl Error {
    /// [`Error::NotFound`].
    #[must_use]
    pub fn not_found(kind: Kind, id: impl fmt::Display) -> Self {
        Self::NotFound { kind, id: id.to_string() }
    }

    /// [`Error::Forbidden`].
    #[must_use]
    pub fn forbidden(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Forbidden { reason: reason.into() }
    }

    /// [`Error::Refused`] by a rule.
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

    /// The rule that refused, if one did.
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

/// What exists once, besides what people choose themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unique {
    /// The number of a booking. The engine draws another one.
    BookingNumber,
    /// The number of a transaction. The engine draws another one.
    TransactionNumber,
    /// The name that a provider gave to an operation.
    ProviderReference,
    /// A piece of news of a provider: it was applied before.
    ProviderNews,
    /// A provider's receipt: it was counted before.
    Receipt,
    /// A claim of another kind.
    Claim,
}

impl Unique {
    /// Whether it is a number that the engine draws.
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
            Self::Claim => "what was claimed",
        })
    }
}

/// A rule of the domain said no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Which rule.
    pub rule: Rule,
    /// What a person should know.
    pub message: String,
    /// The state that the thing is in, where the rule is about states.
    pub state: Option<&'static str>,
    /// The state that was asked for.
    pub requested: Option<&'static str>,
    /// The states that this actor could ask for now.
    pub allowed: Vec<&'static str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
