//! A shop that is paid by card.

use std::{ops::Deref, sync::Arc, time::Duration};

use baitech_core::{
    booking::{Booking, BookingStatus, PaymentMethod},
    kernel::Id,
    ledger::Account,
    payment::{NewPayment, Transaction, WebhookStatus},
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

/// A payment with this card, which the payer's device has registered before; without one, the device goes on
/// with the payment.
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
        // Long enough for an answer from this machine, and short for a test of one that never comes.
        let config = StripeConfig { timeout: Duration::from_secs(5), ..adapt(stripe.config()) };
        let shop =
            Shop::open(|builder, _| configure(builder.gateway(Arc::new(Stripe::new(config).unwrap())))).await;
        Self { shop, stripe }
    }

    /// A booking that is accepted, and its payment, begun.
    pub(crate) async fn asked(&self, method: Option<&str>) -> (Id<Booking>, Id<Transaction>) {
        let id = self.accepted(PaymentMethod::Card, 1).await;
        let payment = self.pay(id, &card(method)).await.transaction.id;
        (id, payment)
    }

    /// A booking whose money is held.
    pub(crate) async fn held(&self) -> (Id<Booking>, Id<Transaction>) {
        let asked = self.asked(Some("pm_card_visa")).await;
        self.hear_all().await;
        asked
    }

    /// A booking whose money has gone to its receivers.
    pub(crate) async fn released(&self) -> (Id<Booking>, Id<Transaction>) {
        let (id, payment) = self.held().await;
        self.drive(id, BookingStatus::Paid).await;
        self.payments().release(&self.admin.actor(), payment).await.unwrap();
        (id, payment)
    }

    /// Stripe's name for a payment.
    pub(crate) async fn intent(&self, payment: Id<Transaction>) -> String {
        self.load(payment).await.gateway.reference.clone().expect("Stripe has taken it")
    }

    pub(crate) async fn hear(&self, event: &StripeEvent) -> WebhookStatus {
        self.shop.hear(event.arriving_at(self.now())).await
    }

    /// Delivers all events since the last time, in their order.
    pub(crate) async fn hear_all(&self) -> Vec<(String, WebhookStatus)> {
        let mut heard = Vec::new();
        for event in self.stripe.events() {
            heard.push((event.kind.clone(), self.hear(&event).await));
        }
        heard
    }

    /// The books, after an audit.
    pub(crate) async fn books(&self) -> Vec<(Account, i64)> {
        let balance = self.stripe.balance();
        assert_eq!(balance % 100, 0, "whole shillings");
        self.audit(PaymentMethod::Stripe, balance / 100).await
    }
}
