//! A shop with payments by card.

use std::{ops::Deref, sync::Arc, time::Duration};

use baitech_core::{
    booking::{Booking, BookingStatus},
    kernel::Id,
    ledger::Account,
    payment::{NewPayment, WebhookStatus},
    transaction::{PaymentMethod, Transaction},
};
use baitech_providers::{
    stripe::{Stripe, StripeConfig},
    testing::{StripeEvent, StripeServer},
};

use crate::engine::Shop;

pub(crate) struct Counter {
    shop: Shop,
    pub(crate) stripe: StripeServer,
}

impl Deref for Counter {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

pub(crate) const CLEARING: Account = Account::Clearing(PaymentMethod::Stripe);

/// A payment with this saved card; without a card, the payer's device continues the payment.
pub(crate) fn card(method: Option<&str>) -> NewPayment {
    NewPayment { account: method.map(ToOwned::to_owned), ..NewPayment::default() }
}

impl Counter {
    pub(crate) async fn open() -> Self {
        Self::with(|builder| builder, |config| config).await
    }

    pub(crate) async fn with(
        configure: impl FnOnce(baitech_core::Builder) -> baitech_core::Builder,
        adapt: impl FnOnce(StripeConfig) -> StripeConfig,
    ) -> Self {
        let stripe = StripeServer::start().await;
        // Long enough for an answer of a local server, and short for tests of missing answers.
        let config = StripeConfig { timeout: Duration::from_secs(5), ..adapt(stripe.config()) };
        let shop =
            Shop::open(|builder, _| configure(builder.gateway(Arc::new(Stripe::new(config).unwrap())))).await;
        Self { shop, stripe }
    }

    /// An accepted booking and its started payment.
    pub(crate) async fn asked(&self, method: Option<&str>) -> (Id<Booking>, Id<Transaction>) {
        let id = self.accepted(PaymentMethod::Card, 1).await;
        let payment = self.pay(id, &card(method)).await.transaction.id;
        (id, payment)
    }

    /// A booking whose money is held.
    pub(crate) async fn held(&self) -> (Id<Booking>, Id<Transaction>) {
        let asked = self.asked(Some("pm_card_visa")).await;
        self.receive_all().await;
        asked
    }

    /// A booking whose money has been released.
    pub(crate) async fn released(&self) -> (Id<Booking>, Id<Transaction>) {
        let (id, payment) = self.held().await;
        self.drive(id, BookingStatus::Paid).await;
        self.payments().release(&self.admin.actor(), payment).await.unwrap();
        (id, payment)
    }

    /// The payment intent of a payment.
    pub(crate) async fn intent(&self, payment: Id<Transaction>) -> String {
        self.load(payment).await.gateway.reference.clone().expect("Stripe has accepted the payment")
    }

    pub(crate) async fn receive(&self, event: &StripeEvent) -> WebhookStatus {
        self.shop.receive(event.arriving_at(self.now())).await
    }

    /// Delivers all events since the last call, in order.
    pub(crate) async fn receive_all(&self) -> Vec<(String, WebhookStatus)> {
        let mut received = Vec::new();
        for event in self.stripe.events() {
            received.push((event.kind.clone(), self.receive(&event).await));
        }
        received
    }

    /// The books, after an audit.
    pub(crate) async fn books(&self) -> Vec<(Account, i64)> {
        let balance = self.stripe.balance();
        assert_eq!(balance % 100, 0, "whole shillings");
        self.audit(PaymentMethod::Stripe, balance / 100).await
    }
}
