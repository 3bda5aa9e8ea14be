//! The payment methods, and which of them can pay for what, and for whom. One rule for every entry point: a
//! new booking, its payment, a tip, a top-up, a debt.

use serde::{Deserialize, Serialize};

use super::TransactionKind;
use crate::{
    account::User,
    kernel::{Error, Result, Rule, named},
};

named! {
    /// How a customer pays.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[expect(missing_docs, reason = "the names are self-explanatory")]
    pub enum PaymentMethod {
        Mpesa = "mpesa",
        Card = "card",
        Stripe = "stripe",
        Wallet = "wallet",
        Cash = "cash",
        BankTransfer = "bank_transfer",
    }
}

/// When the customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentTiming {
    /// The money is held from acceptance on.
    AtAcceptance,
    /// The money is paid once the work is verified.
    AfterVerification,
}

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
            refused("only companies can pay by bank transfer; choose another method".to_owned())
        }
        (PaymentMethod::Cash, TransactionKind::BookingPayment) => Ok(()),
        (PaymentMethod::Cash, _) | (PaymentMethod::Wallet, TransactionKind::WalletTopup) => {
            refused(format!("a {} cannot be paid by {}", kind.as_str().replace('_', " "), method.as_str()))
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
