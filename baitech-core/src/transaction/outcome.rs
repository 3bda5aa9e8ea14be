use std::fmt;

use chrono::TimeDelta;

use crate::kernel::{Money, debug_only};

/// A provider's answer about an operation. "Accepted" is not "paid".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The money has moved.
    Settled(Proof),
    /// The money is authorized, to be captured or voided.
    Authorized {
        /// The provider's reference of the charge.
        reference: String,
    },
    /// The provider has accepted the order; whether the money moves is reported later.
    Accepted {
        /// The provider's reference of the operation.
        reference: String,
        /// What the payer's device needs to continue, if anything.
        client_secret: Option<ClientSecret>,
    },
    /// The provider does not know yet.
    Pending,
    /// The money will not move.
    Declined(Declined),
}

impl Outcome {
    /// The outcome of an operation that a gateway does not support.
    #[must_use]
    pub fn unsupported() -> Self {
        let reason = "the payment provider does not support the operation".to_owned();
        Self::Declined(Declined { code: "unsupported".to_owned(), reason, retry_after: None })
    }
}

/// A provider's evidence that money has moved. Fields are `None` if the provider does not report them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// The provider's reference of the operation.
    pub reference: Option<String>,
    /// The number of the provider's receipt, or of the charge.
    pub receipt: Option<String>,
    /// The amount that moved; `None` if the provider does not report it.
    pub amount: Option<Money>,
    /// The payer, as the provider shows it: a phone number, perhaps with digits masked (`2547****5678`).
    pub payer: Option<String>,
}

debug_only! {
    /// Omits the payer.
    Proof { reference, receipt, amount }
}

/// Money of an operation that has moved back, as reported by a provider.
///
/// A provider may report the same money twice, as a single return and in a running total. It is counted once,
/// in any order of the reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Returned {
    /// One return of money.
    One {
        /// The provider's id of the return: `re_…`. The same id means the same money.
        id: String,
        /// The amount; `None` if the provider does not report it.
        amount: Option<Money>,
        /// Whether the return failed, so that the platform still has the money.
        failed: bool,
    },
    /// The total that has moved back of this operation so far, on our order or not.
    Total {
        /// The total.
        amount: Money,
    },
}

/// Why the money will not move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The provider's code.
    pub code: String,
    /// The reason, fit to show to the payer.
    pub reason: String,
    /// Set if the operation was not carried out and may be sent anew, under another key, after this time:
    /// for example, because the subscriber was busy.
    pub retry_after: Option<TimeDelta>,
}

/// A secret with which the payer's device continues a payment. Never written to logs.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, to be given to the payer only.
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

/// The provider gave no answer. The outcome is unknown and has to be resolved by a query, never by sending
/// the operation again under another key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payment provider gave no usable answer: {reason}")]
pub struct GatewayError {
    /// What went wrong, for operators; contains no secrets and no personal data.
    pub reason: String,
}

impl GatewayError {
    /// An error with this reason.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
