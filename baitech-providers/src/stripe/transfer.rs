use baitech_core::{
    kernel::{Id, Money},
    payment::{GatewayError, Limits, Outcome, Transaction},
};

use super::{
    Stripe,
    client::segment,
    gateway::{order, outgoing},
    object::Reversal,
};

/// A payout, or a part of one, to be taken back from the connected account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferReversal {
    /// The transaction that this is.
    pub transaction: Id<Transaction>,
    /// Stripe's name for the transfer: `tr_…`.
    pub transfer: String,
    /// How much.
    pub amount: Money,
    /// The same key is the same reversal.
    pub idempotency_key: String,
}

impl Stripe {
    /// Takes a payout, or a part of one, back from the connected account, as after a refund or a lost
    /// chargeback. It is carried out at once, or declined where the account has not enough. The port of
    /// payment providers has no such operation, since mobile money cannot be taken back.
    ///
    /// # Errors
    /// [`GatewayError`]: the outcome is unknown; to be sent again under its key.
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
