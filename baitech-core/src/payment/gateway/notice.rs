use std::fmt;

use chrono::{DateTime, Utc};

use super::Outcome;
use crate::{
    kernel::{Id, Money},
    transaction::{Proof, Returned, Transaction},
};

/// A call of a provider, as received.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// The last segment of its path.
    pub token: String,
    /// Its headers, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// When it was received. Signatures are verified as of this time.
    pub received_at: DateTime<Utc>,
}

impl WebhookCall {
    /// The first header with a (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The kind of source that a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookSource {
    /// Calls about one transaction: only a few.
    Transaction,
    /// All calls of a provider: any number.
    Provider,
}

impl fmt::Debug for WebhookCall {
    /// Omits the token and the payer's data, since debug output ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookCall")
            .field("received_at", &self.received_at)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A single notice from a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The provider's id of this notice. The same id means the same notice, sent again.
    pub id: String,
    /// The subject.
    pub subject: Subject,
    /// The content.
    pub news: News,
}

/// The subject of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The transaction under whose callback token the call came.
    Caller {
        /// The provider's reference of the operation, which must match the one given before.
        reference: Option<String>,
    },
    /// The operation with this provider reference.
    Reference(String),
    /// A transaction whose id we gave to the provider.
    Transaction(Id<Transaction>),
    /// A payer who named this account (a transaction number, a booking number, a phone number) without a
    /// request from us.
    Account(String),
}

/// The content of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// The outcome of an operation.
    Outcome(Outcome),
    /// The receipt of a charge that is already settled.
    Details(Proof),
    /// An unrequested payment.
    Deposit(Proof),
    /// The card holder contests a charge; the provider has taken the money back for now.
    ChargebackOpened {
        /// The provider's id of the dispute.
        id: String,
        /// The contested amount.
        amount: Money,
        /// The reason, in the provider's words.
        reason: String,
    },
    /// A chargeback was decided.
    ChargebackClosed {
        /// The provider's id of the dispute.
        id: String,
        /// Whether the money stays with us.
        won: bool,
    },
    /// Money of the operation has moved back, and it is not yet known on whose order: a refund of a charge, a
    /// reversal of a payout.
    Returned(Returned),
    /// Nothing relevant to us.
    Nothing,
}

/// Why a call is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// It carries no signature.
    #[error("the call is not signed")]
    Unsigned,
    /// Its signature does not match.
    #[error("the signature is wrong")]
    BadSignature,
    /// It was signed too long before it arrived.
    #[error("the signature is too old")]
    Expired,
    /// Its body cannot be parsed.
    #[error("the body cannot be parsed: {0}")]
    Malformed(String),
    /// The provider sends nothing to this address.
    #[error("this address accepts no calls")]
    Unexpected,
}
