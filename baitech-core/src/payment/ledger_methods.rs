use async_trait::async_trait;

use super::{Capabilities, PaymentGateway};
use crate::booking::{PaymentMethod, PaymentTiming};

/// Banknotes: paid to the technician after verification, on whose word they count as paid. No call is made to anybody.
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
