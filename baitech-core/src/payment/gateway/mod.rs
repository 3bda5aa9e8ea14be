//! The port of payment providers: what is asked of them, what they answer, and what they tell by themselves.

mod capabilities;
mod notice;
mod order;
mod outcome;

use std::fmt;

use async_trait::async_trait;

pub use capabilities::{Capabilities, Limits};
pub use notice::{News, Notice, Returned, Subject, WebhookCall, WebhookError, WebhookSource};
pub use order::{Capture, Charge, Contact, Operation, Original, PayOut, Query, RefundOrder};
pub use outcome::{ClientSecret, Declined, GatewayError, Outcome, Proof};

use crate::booking::PaymentMethod;

/// A payment provider.
///
/// "Accepted" is not "paid", and no answer is not "failed": an outcome that is unknown is found out by
/// [`query`](Self::query), never by sending again under another key. No operation is ever called inside of a
/// commit: the intent is stored first, then a worker calls, and the answer is committed as a change of its
/// own.
///
/// An operation that a provider does not offer keeps its default, which declines with the code `unsupported`.
#[async_trait]
pub trait PaymentGateway: Send + Sync + fmt::Debug {
    /// The provider's name in the books: the account [`Clearing`](crate::ledger::Account::Clearing) of this
    /// method holds its money.
    fn method(&self) -> PaymentMethod;

    /// Other methods that the same provider serves: `card` beside `stripe`.
    fn also_serves(&self) -> &[PaymentMethod] {
        &[]
    }

    /// What it can do, and within which limits.
    fn capabilities(&self) -> Capabilities;

    /// The last part of the path to which the provider sends what is about no transaction that we have named,
    /// or about all of them. Opaque, and hard to guess. `None` where every call comes under the token of its
    /// transaction.
    fn webhook_token(&self) -> Option<&str> {
        None
    }

    /// The headers of a call that [`read_webhook`](Self::read_webhook) verifies it by, in any case. Only
    /// these are kept with a call, and only those of at most
    /// [`MAX_HEADER_BYTES`](crate::payment::Webhook::MAX_HEADER_BYTES): name all of them, or every call
    /// counts as not signed.
    fn signature_headers(&self) -> &[&'static str] {
        &[]
    }

    /// Asks a payer for money.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        let _ = charge;
        Ok(Outcome::unsupported())
    }

    /// Takes money that a charge with [`Charge::capture`] false has only set aside.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn capture(&self, capture: &Capture) -> Result<Outcome, GatewayError> {
        let _ = capture;
        Ok(Outcome::unsupported())
    }

    /// Gives up money that a charge has only set aside.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn release(&self, capture: &Capture) -> Result<Outcome, GatewayError> {
        let _ = capture;
        Ok(Outcome::unsupported())
    }

    /// Gives money back to who paid it.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn refund(&self, refund: &RefundOrder) -> Result<Outcome, GatewayError> {
        let _ = refund;
        Ok(Outcome::unsupported())
    }

    /// Pays a technician, or a wallet's owner, out.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown.
    async fn pay_out(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError> {
        let _ = pay_out;
        Ok(Outcome::unsupported())
    }

    /// What became of an operation. Asked again and again while the answer is [`Outcome::Pending`] or an
    /// error.
    ///
    /// # Errors
    /// [`GatewayError`]: still unknown.
    async fn query(&self, query: &Query) -> Result<Outcome, GatewayError> {
        let _ = query;
        Ok(Outcome::Pending)
    }

    /// Asks for the receipt of a charge that was settled by a query which told none. It comes as
    /// [`News::Details`], by a webhook.
    ///
    /// # Errors
    /// [`GatewayError`]: it was not asked for.
    async fn request_receipt(&self, query: &Query) -> Result<(), GatewayError> {
        let _ = query;
        Ok(())
    }

    /// Verifies a call as of the moment at which it came, and reads what it tells: in the provider's order,
    /// possibly nothing.
    ///
    /// # Errors
    /// [`WebhookError`] for a call that proves nothing. It takes no effect.
    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        let _ = call;
        Err(WebhookError::Unexpected)
    }
}
