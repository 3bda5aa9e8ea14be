//! A shop with payments by M-Pesa.

use std::{ops::Deref, sync::Arc, time::Duration};

use baitech_core::{
    booking::{Booking, BookingStatus},
    kernel::Id,
    ledger::Account,
    payment::{NewPayment, WebhookStatus},
    transaction::{PaymentMethod, Transaction, TransactionStatus},
};
use baitech_providers::{
    mpesa::Mpesa,
    testing::{Callback, Daraja},
};

use crate::engine::Shop;

pub(crate) struct Desk {
    shop: Shop,
    pub(crate) daraja: Daraja,
}

impl Deref for Desk {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

pub(crate) const CLEARING: Account = Account::Clearing(PaymentMethod::Mpesa);

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(configure: impl FnOnce(baitech_core::Builder) -> baitech_core::Builder) -> Self {
        let daraja = Daraja::start().await;
        // Long enough for an answer of a local server, and short for tests of missing answers.
        let config =
            baitech_providers::mpesa::MpesaConfig { timeout: Duration::from_secs(5), ..daraja.config() };
        let mut mpesa = None;
        let shop = Shop::open(|builder, clock| {
            let adapter = Arc::new(Mpesa::new(config, clock).unwrap());
            mpesa = Some(Arc::clone(&adapter));
            configure(builder.gateway(adapter))
        })
        .await;
        mpesa.unwrap().register_deposits().await.unwrap();
        Self { shop, daraja }
    }

    /// Starts the payment of a booking by a push.
    pub(crate) async fn push(&self, id: Id<Booking>) -> Id<Transaction> {
        self.pay(id, &NewPayment::default()).await.transaction.id
    }

    /// An accepted booking and its pending payment.
    pub(crate) async fn asked(&self, day: u64) -> (Id<Booking>, Id<Transaction>) {
        let id = self.accepted(PaymentMethod::Mpesa, day).await;
        (id, self.push(id).await)
    }

    /// The latest push.
    pub(crate) fn prompt(&self) -> String {
        self.daraja.prompts().pop().expect("a push")
    }

    /// The latest payout or reversal.
    pub(crate) fn order(&self) -> String {
        self.daraja.orders().pop().expect("an order")
    }

    pub(crate) async fn receive(&self, callback: &Callback) -> WebhookStatus {
        self.shop.receive(callback.arriving_at(self.now())).await
    }

    /// A booking whose money is held.
    pub(crate) async fn held(&self, day: u64) -> (Id<Booking>, Id<Transaction>) {
        let (id, payment) = self.asked(day).await;
        let paid = self.daraja.pay(&self.prompt());
        assert_eq!(self.receive(&paid).await, WebhookStatus::Applied);
        assert_eq!(self.status(payment).await, TransactionStatus::Completed);
        (id, payment)
    }

    /// A booking whose money has been released.
    pub(crate) async fn released(&self, day: u64) -> (Id<Booking>, Id<Transaction>) {
        let (id, payment) = self.held(day).await;
        self.drive(id, BookingStatus::Paid).await;
        self.payments().release(&self.admin.actor(), payment).await.unwrap();
        (id, payment)
    }

    /// The books, after an audit.
    pub(crate) async fn books(&self) -> Vec<(Account, i64)> {
        self.audit(PaymentMethod::Mpesa, self.daraja.balance()).await
    }
}
