use async_trait::async_trait;

use super::{Capabilities, Charge, PaymentGateway};
use crate::transaction::{GatewayError, Outcome};
use crate::transaction::{PaymentMethod, PaymentTiming};

/// Cash, paid to the technician after verification. It counts as paid when the technician confirms it; no
/// provider is called.
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

/// A user's wallet: a balance in the ledger, taken at acceptance.
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

/// A transfer to the platform's bank account that names the transaction's number. The bank's statement shows
/// whether it has arrived ([`Payments::reconcile`](super::Payments::reconcile)). Companies use it to buy on
/// credit and to pay their debts.
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
