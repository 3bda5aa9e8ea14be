use std::fmt;

use chrono::TimeDelta;

use crate::kernel::Money;

/// What a provider says of an operation. "Accepted" is not "paid".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The money has moved.
    Settled(Proof),
    /// The money is set aside, to be captured or released.
    Authorized {
        /// The provider's name for the charge.
        reference: String,
    },
    /// The provider has taken the order; whether the money moves will be told later.
    Accepted {
        /// The provider's name for the operation.
        reference: String,
        /// What the payer's own device needs in order to go on, where it needs anything.
        client_secret: Option<ClientSecret>,
    },
    /// The provider does not know yet.
    Pending,
    /// The money will not move.
    Declined(Declined),
}

impl Outcome {
    /// What a gateway says to an operation that it does not offer.
    #[must_use]
    pub fn unsupported() -> Self {
        let reason = "this payment provider does not offer that".to_owned();
        Self::Declined(Declined { code: "unsupported".to_owned(), reason, retry_after: None })
    }
}

/// How a provider proves that money has moved, as far as it tells.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// The provider's name for the operation.
    pub reference: Option<String>,
    /// The number of the provider's receipt, or of the charge.
    pub receipt: Option<String>,
    /// How much moved; `None` where the provider does not say.
    pub amount: Option<Money>,
    /// Who paid, as the provider shows it: a phone number, perhaps with digits masked (`2547****5678`).
    pub payer: Option<String>,
}

impl fmt::Debug for Proof {
    /// Without the payer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("reference", &self.reference)
            .field("receipt", &self.receipt)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

/// Why money will not move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The provider's code.
    pub code: String,
    /// Why, fit for the payer's eyes.
    pub reason: String,
    /// The operation was not carried out, and may be sent anew (under another key) after this: the subscriber
    /// was busy.
    pub retry_after: Option<TimeDelta>,
}

/// A secret by which the payer's own device goes on with a payment. Never shown in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, to be handed to the payer and to nobody else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// The provider gave no answer: the outcome is unknown, to be found out by a query and never by sending again
/// under another key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payment provider gave no answer: {reason}")]
pub struct GatewayError {
    /// What went wrong, for an operator's eyes; never a secret or a person's data.
    pub reason: String,
}

impl GatewayError {
    /// No answer, for this reason.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
