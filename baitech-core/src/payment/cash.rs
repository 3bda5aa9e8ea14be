use async_trait::async_trait;

use super::{Charge, ChargeOutcome, GatewayError, PaymentGateway};
use crate::booking::{PaymentMethod, PaymentTiming};

/// Banknotes: paid to the technician after verification. Whoever calls [`charge`](PaymentGateway::charge) has the technician's word
/// that the money is there, so it always is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cash;

#[async_trait]
impl PaymentGateway for Cash {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Cash
    }

    fn timing(&self) -> PaymentTiming {
        PaymentTiming::AfterVerification
    }

    async fn charge(&self, _: &Charge) -> Result<ChargeOutcome, GatewayError> {
        Ok(ChargeOutcome::Settled { reference: None })
    }
}
