use async_trait::async_trait;
use mockall::mock;

use crate::{
    booking::{PaymentMethod, PaymentTiming},
    payment::{Charge, ChargeOutcome, GatewayError, PaymentGateway},
};

mock! {
    /// A payment provider that is told what to say.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use baitech_core::{booking::{PaymentMethod, PaymentTiming}, mock::MockPaymentGateway, payment::{ChargeOutcome, PaymentGateway}};
    ///
    /// let mut card = MockPaymentGateway::new();
    /// card.expect_method().return_const(PaymentMethod::Card);
    /// card.expect_timing().return_const(PaymentTiming::AtAcceptance);
    /// card.expect_charge().returning(|charge| {
    ///     if charge.amount.amount() > 1_000.into() {
    ///         Ok(ChargeOutcome::Declined { reason: "the limit is 1,000".into() })
    ///     } else {
    ///         Ok(ChargeOutcome::Settled { reference: None })
    ///     }
    /// });
    /// let card: Arc<dyn PaymentGateway> = Arc::new(card);
    /// assert_eq!(card.method(), PaymentMethod::Card);
    /// ```
    #[derive(Debug)]
    pub PaymentGateway {}

    #[async_trait]
    impl PaymentGateway for PaymentGateway {
        fn method(&self) -> PaymentMethod;
        fn timing(&self) -> PaymentTiming;
        async fn charge(&self, charge: &Charge) -> Result<ChargeOutcome, GatewayError>;
    }
}
