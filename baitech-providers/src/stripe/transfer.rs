use baitech_core::{
    kernel::{Id, Money},
    payment::Limits,
    transaction::{GatewayError, Outcome, Transaction},
};

use super::{
    Stripe,
    client::segment,
    gateway::{order, outgoing},
    object::Reversal,
};

/// An order to reverse all or a part of a payout to a connected account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferReversal {
    /// The transaction of this reversal.
    pub transaction: Id<Transaction>,
    /// Stripe's name for the transfer: `tr_…`.
    pub transfer: String,
    /// The amount.
    pub amount: Money,
    /// The idempotency key: the same key is the same reversal.
    pub idempotency_key: String,
}

impl Stripe {
    /// Reverses all or a part of a payout to a connected account, for example after a refund or a lost
    /// chargeback. It is carried out at once, or declined if the account's balance is too low. The port of
    /// payment providers has no such operation, since mobile money cannot be reversed.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown; send it again under the same key.
    pub async fn reverse_transfer(&self, reversal: &TransferReversal) -> Result<Outcome, GatewayError> {
        let amount = match self.count(reversal.amount, &Limits::default()) {
            Ok(amount) => amount,
            Err(declined) => return Ok(Outcome::Declined(declined)),
        };
        let path = format!("v1/transfers/{}/reversals", segment(&reversal.transfer)?);
        let mut form = order(reversal.transaction.to_string(), "");
        form.push(("amount", amount.to_string()));
        let answer = self.post(&path, &form, &reversal.idempotency_key).await?;
        outgoing(answer, |reversal: Reversal| reversal.outcome())
    }
}
