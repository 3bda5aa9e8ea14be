//! What people decide on transactions, each at the version that `If-Match` names, if it does.

use baitech_core::kernel::Money;
use serde::Deserialize;

use crate::{
    problem::Answer,
    request::{Body, Caller, Payment},
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
    /// Whether the money that came counts as the payment.
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
    /// Whether the money that the provider moved back is booked.
    book: bool,
    /// How much it was, where the provider did not say.
    #[serde(default)]
    amount: Option<Money>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Verdict {
    /// Whether the money stays with us.
    won: bool,
}

/// An admin gives held money to its receivers before its time.
pub(crate) async fn release(caller: Caller, Payment(id): Payment) -> Answer {
    caller.show_payment(caller.payments.release(&caller.actor, id).await).await
}

/// Staff gives a payment back, or a part of it; the answer is the transaction that does.
pub(crate) async fn refund(caller: Caller, Payment(id): Payment, Body(body): Body<NewRefund>) -> Answer {
    let refund = caller.payments.refund(&caller.actor, id, body.amount, &body.reason).await;
    caller.show_new_payment(refund, "../").await
}

/// Gives up a payment that nobody has been asked for yet.
pub(crate) async fn withdraw_payment(caller: Caller, Payment(id): Payment) -> Answer {
    caller.show_payment(caller.payments.withdraw_payment(&caller.actor, id).await).await
}

/// Staff has looked at a payment that was held for it.
pub(crate) async fn review(caller: Caller, Payment(id): Payment, Body(body): Body<Review>) -> Answer {
    caller.show_payment(caller.payments.review(&caller.actor, id, body.approved).await).await
}

/// Staff decides on money that is not what was asked for.
pub(crate) async fn decide_mismatch(
    caller: Caller,
    Payment(id): Payment,
    Body(body): Body<Mismatch>,
) -> Answer {
    caller.show_payment(caller.payments.decide_mismatch(&caller.actor, id, body.complete).await).await
}

/// Staff has found out what became of a transaction.
pub(crate) async fn decide_outcome(
    caller: Caller,
    Payment(id): Payment,
    Body(body): Body<FoundOut>,
) -> Answer {
    let receipt = body.receipt.as_deref();
    caller.show_payment(caller.payments.decide_outcome(&caller.actor, id, body.moved, receipt).await).await
}

/// Staff decides on money that a provider moved back without our order.
pub(crate) async fn decide_provider_move(
    caller: Caller,
    Payment(id): Payment,
    Body(body): Body<ProviderMove>,
) -> Answer {
    let decided = caller.payments.decide_provider_move(&caller.actor, id, body.book, body.amount);
    caller.show_payment(decided.await).await
}

/// Staff has found out which of two verdicts of a bank holds.
pub(crate) async fn decide_verdict(
    caller: Caller,
    Payment(id): Payment,
    Body(body): Body<Verdict>,
) -> Answer {
    caller.show_payment(caller.payments.decide_verdict(&caller.actor, id, body.won).await).await
}
