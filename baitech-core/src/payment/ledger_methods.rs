use async_trait::async_trait;

use super::{Capabilities, Charge, GatewayError, Outcome, PaymentGateway};
use crate::booking::{PaymentMethod, PaymentTiming};

/// Banknotes: paid to the technician after verification, on whose word they count as paid. No call is made to
/// anybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cash;

#[async_trait]
impl PaymentGateway for Cash {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Cash
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::of_ledger(PaymentTiming::AfterVerification)
    }
}

/// A user's wallet: a balance in our own books, taken at acceptance.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wallet;

#[async_trait]
impl PaymentGateway for Wallet {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Wallet
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::of_ledger(PaymentTiming::AtAcceptance)
    }
}

/// A transfer to the platform's bank account that names the transaction's number. Whether it has come, the
/// bank's statement tells ([`Payments::reconcile`](super::Payments::reconcile)); companies buy on credit by
/// it, and pay what they owe.
#[derive(Debug, Clone, Copy, Default)]
pub struct BankTransfer;

#[async_trait]
impl PaymentGateway for BankTransfer {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::BankTransfer
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            ledger_only: false,
            refund: None,
            ..Capabilities::of_ledger(PaymentTiming::AtAcceptance)
        }
    }

    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        Ok(Outcome::Accepted { reference: charge.number.to_string(), client_secret: None })
    }
}
