use std::fmt;

use async_trait::async_trait;

use crate::{
    account::User,
    booking::{Booking, PaymentMethod, PaymentTiming},
    kernel::{Id, Money},
};

/// What a customer is to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// For which booking.
    pub booking: Id<Booking>,
    /// Who pays.
    pub payer: Id<User>,
    /// Whom it is for.
    pub payee: Option<Id<User>>,
    /// How much.
    pub amount: Money,
    /// The same key is the same charge, however often it is sent.
    pub idempotency_key: String,
}

/// What a provider says. "Accepted" is not "paid".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChargeOutcome {
    /// The money is there.
    Settled {
        /// The provider's own name for the payment.
        reference: Option<String>,
    },
    /// The provider has taken the order; whether the money comes will be told later.
    Accepted {
        /// The provider's own name for the payment.
        reference: String,
    },
    /// The money will not come.
    Declined {
        /// Why, fit for the customer's eyes.
        reason: String,
    },
}

/// The provider gave no answer: the outcome is unknown, to be found out by a query and never by sending again under
/// another key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payment provider gave no answer: {reason}")]
pub struct GatewayError {
    /// What went wrong, for an operator's eyes.
    pub reason: String,
}

/// A payment provider.
#[async_trait]
pub trait PaymentGateway: Send + Sync + fmt::Debug {
    /// The method that it serves.
    fn method(&self) -> PaymentMethod;

    /// When its customers pay.
    fn timing(&self) -> PaymentTiming;

    /// Asks for a payment. Never called inside of a commit.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown; the same charge may be sent again under the same key.
    async fn charge(&self, charge: &Charge) -> Result<ChargeOutcome, GatewayError>;
}
