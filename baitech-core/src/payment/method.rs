//! Which method can pay for what, and for whom. One rule for every entry point: a new booking, its payment, a
//! tip, a top-up, a debt.

use super::TransactionKind;
use crate::{
    account::User,
    booking::PaymentMethod,
    kernel::{Error, Result, Rule},
};

/// Fails unless this payer can pay for this kind of transaction by this method. Whether a provider for the
/// method is configured is checked elsewhere.
///
/// # Errors
/// [`Rule::PAYMENT_METHOD`]: bank transfers are for companies; cash pays only the booking itself; a wallet
/// cannot top up a wallet.
pub(crate) fn require_method(method: PaymentMethod, kind: TransactionKind, payer: &User) -> Result<()> {
    let refused = |message: String| Err(Error::refused(Rule::PAYMENT_METHOD, message));
    match (method, kind) {
        (PaymentMethod::BankTransfer, _) if payer.company().is_none() => {
            refused("only companies pay by bank transfer; choose another method".to_owned())
        }
        (PaymentMethod::Cash, TransactionKind::BookingPayment) => Ok(()),
        (PaymentMethod::Cash, _) | (PaymentMethod::Wallet, TransactionKind::WalletTopup) => {
            refused(format!("a {} is not paid by {}", kind.as_str().replace('_', " "), method.as_str()))
        }
        (
            PaymentMethod::Mpesa
            | PaymentMethod::Card
            | PaymentMethod::Stripe
            | PaymentMethod::Wallet
            | PaymentMethod::BankTransfer,
            _,
        ) => Ok(()),
    }
}
