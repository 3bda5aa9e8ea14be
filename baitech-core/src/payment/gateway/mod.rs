//! The port of payment providers: their operations, outcomes and webhooks.

mod capabilities;
mod notice;
mod order;

use std::fmt;

use async_trait::async_trait;

pub use capabilities::{Capabilities, Limits};
pub use notice::{News, Notice, Subject, WebhookCall, WebhookError, WebhookSource};
pub use order::{Capture, Charge, Contact, Operation, Original, PayOut, Query, RefundOrder};

use crate::transaction::{GatewayError, Outcome, PaymentMethod};

/// A payment provider.
///
/// "Accepted" is not "paid", and no answer is not "failed": an unknown outcome is resolved by
/// [`query`](Self::query), never by sending the operation again under another key. No operation is called
/// inside a commit: the intent is stored first, then a worker calls the provider, and the answer is committed
/// as a separate change.
///
/// An operation that a provider does not offer keeps its default, which declines with the code `unsupported`.
#[async_trait]
pub trait PaymentGateway: Send + Sync + fmt::Debug {
    /// The provider's method in the ledger: the account [`Clearing`](crate::ledger::Account::Clearing) of
    /// this method holds its money.
    fn method(&self) -> PaymentMethod;

    /// Other methods that the same provider serves: `card` beside `stripe`.
    fn also_serves(&self) -> &[PaymentMethod] {
        &[]
    }

    /// Its capabilities and limits.
    fn capabilities(&self) -> Capabilities;

    /// The last path segment of the URL for calls that name no transaction of ours, or that may concern any.
    /// Opaque, and hard to guess. `None` if every call comes under the token of its transaction.
    fn webhook_token(&self) -> Option<&str> {
        None
    }

    /// The headers by which [`read_webhook`](Self::read_webhook) verifies a call, in any case. Only these are
    /// kept with a call, and only up to [`MAX_HEADER_BYTES`](crate::payment::Webhook::MAX_HEADER_BYTES) each:
    /// name all of them, or every call counts as unsigned.
    fn signature_headers(&self) -> &[&'static str] {
        &[]
    }

    /// Charges a payer.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        let _ = charge;
        Ok(Outcome::unsupported())
    }

    /// Captures money that a charge with [`Charge::capture`] false has authorized.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn capture(&self, capture: &Capture) -> Result<Outcome, GatewayError> {
        let _ = capture;
        Ok(Outcome::unsupported())
    }

    /// Voids an authorization.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn release(&self, capture: &Capture) -> Result<Outcome, GatewayError> {
        let _ = capture;
        Ok(Outcome::unsupported())
    }

    /// Refunds money to its payer.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn refund(&self, refund: &RefundOrder) -> Result<Outcome, GatewayError> {
        let _ = refund;
        Ok(Outcome::unsupported())
    }

    /// Pays out to a technician or a wallet's owner.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn pay_out(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError> {
        let _ = pay_out;
        Ok(Outcome::unsupported())
    }

    /// Queries the outcome of an operation. Called again while the answer is [`Outcome::Pending`] or an
    /// error.
    ///
    /// # Errors
    /// [`GatewayError`]: still unknown.
    async fn query(&self, query: &Query) -> Result<Outcome, GatewayError> {
        let _ = query;
        Ok(Outcome::Pending)
    }

    /// Requests the receipt of a charge that was settled by a status query without one. The receipt arrives
    /// as [`News::Details`], by a webhook.
    ///
    /// # Errors
    /// [`GatewayError`]: the receipt was not requested.
    async fn request_receipt(&self, query: &Query) -> Result<(), GatewayError> {
        let _ = query;
        Ok(())
    }

    /// Verifies a call as of the time at which it arrived, and parses its notices in the provider's order.
    /// There may be none.
    ///
    /// # Errors
    /// [`WebhookError`] for a call that cannot be verified or parsed. It has no effect.
    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        let _ = call;
        Err(WebhookError::Unexpected)
    }
}
