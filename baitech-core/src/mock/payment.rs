use async_trait::async_trait;
use mockall::mock;

use crate::{
    payment::{
        Capabilities, Capture, Charge, Notice, PayOut, PaymentGateway, Query, RefundOrder, WebhookCall,
        WebhookError,
    },
    transaction::{GatewayError, Outcome, PaymentMethod},
};

mock! {
    /// A payment provider with programmed outcomes.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use baitech_core::{mock::MockPaymentGateway, payment::*, transaction::*};
    ///
    /// let mut card = MockPaymentGateway::new();
    /// card.expect_method().return_const(PaymentMethod::Card);
    /// card.expect_capabilities().return_const(Capabilities::of_ledger(PaymentTiming::AtAcceptance));
    /// card.expect_charge().returning(|charge| {
    ///     if charge.amount.amount() > 1_000.into() {
    ///         let reason = "the limit is 1,000".to_owned();
    ///         Ok(Outcome::Declined(Declined { code: "limit".to_owned(), reason, retry_after: None }))
    ///     } else {
    ///         Ok(Outcome::Settled(Proof::default()))
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
        fn also_serves(&self) -> &[PaymentMethod];
        fn capabilities(&self) -> Capabilities;
        fn signature_headers(&self) -> &[&'static str];
        fn webhook_token<'a>(&'a self) -> Option<&'a str>;
        async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError>;
        async fn capture(&self, capture: &Capture) -> Result<Outcome, GatewayError>;
        async fn release(&self, capture: &Capture) -> Result<Outcome, GatewayError>;
        async fn refund(&self, refund: &RefundOrder) -> Result<Outcome, GatewayError>;
        async fn pay_out(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError>;
        async fn query(&self, query: &Query) -> Result<Outcome, GatewayError>;
        async fn request_receipt(&self, query: &Query) -> Result<(), GatewayError>;
        fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError>;
    }
}
