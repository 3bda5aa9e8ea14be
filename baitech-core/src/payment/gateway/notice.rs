use std::fmt;

use chrono::{DateTime, Utc};

use super::{Outcome, Proof};
use crate::{
    kernel::{Id, Money},
    payment::Transaction,
};

/// A call of a provider, as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// The last part of its path.
    pub token: String,
    /// Its headers, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// Its body, to the byte.
    pub body: Vec<u8>,
    /// When it came. Signatures are judged as of this moment.
    pub received_at: DateTime<Utc>,
}

impl WebhookCall {
    /// The first header of a (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Whose calls come under a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookSource {
    /// Those about one transaction: a few in all.
    Transaction,
    /// All that a provider tells: any number.
    Provider,
}

impl fmt::Debug for WebhookCall {
    /// Neither the token nor what a payer sent: both end up in logs otherwise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookCall")
            .field("received_at", &self.received_at)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// One thing that a provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The provider's name for this piece of news: the same id is the same news, sent again.
    pub id: String,
    /// What it is about.
    pub subject: Subject,
    /// What it says.
    pub news: News,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The transaction whose callback token the call came under.
    Caller {
        /// The provider's name for the operation, which must be the one that it gave before.
        reference: Option<String>,
    },
    /// The operation that the provider calls so.
    Reference(String),
    /// A transaction that we have named to the provider.
    Transaction(Id<Transaction>),
    /// A payer who named this account (a transaction number, a booking number, a phone number) and was not
    /// asked by us.
    Account(String),
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// What became of an operation.
    Outcome(Outcome),
    /// The receipt of a charge that is settled already.
    Details(Proof),
    /// Money came that nobody was asked for.
    Deposit(Proof),
    /// A card's holder contests a charge; the provider has taken the money back for now.
    ChargebackOpened {
        /// The provider's name for the dispute.
        id: String,
        /// How much.
        amount: Money,
        /// Why, in the provider's words.
        reason: String,
    },
    /// A contested charge is decided.
    ChargebackClosed {
        /// The provider's name for the dispute.
        id: String,
        /// Whether the money stays with us.
        won: bool,
    },
    /// Money of the operation has moved back, and nobody knows yet on whose order: a refund of a
    /// charge, a reversal of a payout.
    Returned(Returned),
    /// Nothing that concerns us.
    Nothing,
}

/// Money of an operation that has moved back, as far as a provider tells.
///
/// A provider may tell of the same money twice, by its own name and in a running total. It is
/// counted once, in whatever order it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Returned {
    /// One return of money.
    One {
        /// The provider's name for it: `re_…`. The same name is the same money.
        id: String,
        /// How much; `None` where the provider does not say.
        amount: Option<Money>,
        /// Whether it failed after all, so that the money is with us.
        failed: bool,
    },
    /// All that has moved back of this operation so far, on our order or without.
    Total {
        /// How much.
        amount: Money,
    },
}

/// Why a call proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// It carries no signature.
    #[error("the call is not signed")]
    Unsigned,
    /// Its signature is not the provider's.
    #[error("the signature is wrong")]
    BadSignature,
    /// It was signed too long before it came.
    #[error("the signature is too old")]
    Expired,
    /// Its body is not what the provider sends.
    #[error("the body cannot be read: {0}")]
    Malformed(String),
    /// The provider sends nothing to this address.
    #[error("no call is expected here")]
    Unexpected,
}
