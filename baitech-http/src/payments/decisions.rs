//! Decisions of people on transactions, at the version in `If-Match`, if it is set.

use baitech_core::kernel::Money;
use serde::Deserialize;

use crate::{
    payments::path::Payment,
    problem::Answer,
    request::{Body, Caller},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewRefund {
    amount: Money,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Review {
    approved: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Mismatch {
    /// Whether the received money counts as the payment.
    complete: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FoundOut {
    moved: bool,
    #[serde(default)]
    receipt: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProviderMove {
    /// Whether the provider move is posted.
    book: bool,
    /// The amount, if the provider did not report it.
    #[serde(default)]
    amount: Option<Money>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Verdict {
    /// Whether the platform keeps the money.
    won: bool,
}

/// An admin releases held money early.
pub(crate) async fn release(caller: Caller, Payment(id): Payment) -> Answer {
    caller.show_payment(caller.payments.release(&caller.actor, id).await).await
}

/// Staff refund a payment or a part of it; the answer is the refund's transaction.
pub(crate) async fn refund(caller: Caller, Payment(id): Payment, Body(body): Body<NewRefund>) -> Answer {
    let refund = caller.payments.refund(&caller.actor, id, body.amount, &body.reason).await;
    caller.show_new_payment(refund, "../").await
}

/// Withdraws a payment that was not sent to its provider.
pub(crate) async fn withdraw_payment(caller: Caller, Payment(id): Payment) -> Answer {
    caller.show_payment(caller.payments.withdraw_payment(&caller.actor, id).await).await
}

/// Staff decide a fraud review.
pub(crate) async fn review(caller: Caller, Payment(id): Payment, Body(body): Body<Review>) -> Answer {
    caller.show_payment(caller.payments.review(&caller.actor, id, body.approved).await).await
}

/// Staff decide on a payment that differs from the request.
pub(crate) async fn decide_mismatch(
    caller: Caller,
    Payment(id): Payment,
    Body(body): Body<Mismatch>,
) -> Answer {
    caller.show_payment(caller.payments.decide_mismatch(&caller.actor, id, body.complete).await).await
}

/// Staff enter the outcome of a transaction.
pub(crate) async fn decide_outcome(
    caller: Caller,
    Payment(id): Payment,
    Body(body): Body<FoundOut>,
) -> Answer {
    let receipt = body.receipt.as_deref();
    caller.show_payment(caller.payments.decide_outcome(&caller.actor, id, body.moved, receipt).await).await
}

/// Staff decide on a provider move without our order.
pub(crate) async fn decide_provider_move(
    caller: Caller,
    Payment(id): Payment,
    Body(body): Body<ProviderMove>,
) -> Answer {
    let decided = caller.payments.decide_provider_move(&caller.actor, id, body.book, body.amount);
    caller.show_payment(decided.await).await
}

/// Staff enter which of two contradicting bank verdicts is valid.
pub(crate) async fn decide_verdict(
    caller: Caller,
    Payment(id): Payment,
    Body(body): Body<Verdict>,
) -> Answer {
    caller.show_payment(caller.payments.decide_verdict(&caller.actor, id, body.won).await).await
}
