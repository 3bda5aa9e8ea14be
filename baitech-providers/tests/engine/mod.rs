//! The engine on its embedded store, with real adapters against servers that speak the providers' protocols.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "each test uses some of it, and fails by panicking"
)]

mod audit;
pub(crate) mod people;

use std::sync::Arc;

use baitech_core::{
    Builder, Marketplace,
    account::{Category, User},
    booking::{Booking, BookingStatus},
    kernel::{Actor, Clock, Id, ManualClock, Money, PageRequest, Role, SeededEntropy},
    ledger::Account,
    memory::MemoryStore,
    payment::{NewPayment, Payments, StartedPayment, Webhook, WebhookCall, WebhookStatus},
    store::{LedgerReader, Load, Stored},
    testing::build,
    transaction::{PaymentMethod, Transaction, TransactionFilter, TransactionKind, TransactionStatus},
};
use chrono::{DateTime, TimeDelta, Utc};

use self::people::request;

/// A marketplace with users and a manual clock.
pub(crate) struct Shop {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) market: Marketplace,
    pub(crate) customer: User,
    pub(crate) technician: User,
    pub(crate) admin: User,
}

pub(crate) fn kes(shillings: i64) -> Money {
    build::kes(shillings)
}

impl Shop {
    /// Monday, 2 March 2026, 8:00 in Nairobi.
    pub(crate) async fn open(configure: impl FnOnce(Builder, Arc<ManualClock>) -> Builder) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::at(build::start()));
        let builder =
            Marketplace::builder(store.clone()).clock(clock.clone()).entropy(Arc::new(SeededEntropy::new(7)));
        let shop = Self {
            store,
            market: configure(builder, clock.clone()).build(),
            clock,
            customer: build::customer(1),
            technician: build::technician(1, Category::Plumbing, build::nairobi()),
            admin: build::admin(1),
        };
        for user in [&shop.customer, &shop.technician, &shop.admin] {
            shop.let_in(user).await;
        }
        shop
    }

    pub(crate) fn payments(&self) -> Payments {
        self.market.payments()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    /// Runs all due tasks.
    pub(crate) async fn work(&self) {
        let work = self.market.worker().run_until_idle().await.unwrap();
        assert_eq!(work.failed, 0, "{work:?}");
    }

    /// Advances the clock and runs the due tasks.
    pub(crate) async fn later(&self, time: TimeDelta) {
        self.pass(time);
        self.work().await;
    }

    pub(crate) async fn booking(&self, id: Id<Booking>) -> Stored<Booking> {
        Load::<Booking>::load(&*self.store, id).await.unwrap().expect("the booking is stored")
    }

    pub(crate) async fn load(&self, id: Id<Transaction>) -> Stored<Transaction> {
        Load::<Transaction>::load(&*self.store, id).await.unwrap().expect("the transaction is stored")
    }

    pub(crate) async fn status(&self, id: Id<Transaction>) -> TransactionStatus {
        self.load(id).await.status
    }

    /// The balance of an account in whole shillings.
    pub(crate) async fn balance(&self, account: Account) -> i64 {
        let balance = LedgerReader::balance(&*self.store, account, kes(0).currency()).await.unwrap();
        i64::try_from(balance.amount()).expect("whole shillings")
    }

    /// The unpaid earnings of the technician.
    pub(crate) async fn owed(&self) -> i64 {
        self.balance(Account::Payable(self.technician.id)).await
    }

    pub(crate) async fn wallet(&self) -> i64 {
        self.balance(Account::Wallet(self.customer.id)).await
    }

    /// A job of two hours for 2,738 shillings, accepted by the technician. Each job of a shop is on another
    /// day.
    pub(crate) async fn accepted(&self, method: PaymentMethod, day: u64) -> Id<Booking> {
        let request = request(method, day);
        let id = self.market.bookings().create(&self.customer.actor(), &request).await.unwrap().id;
        self.drive(id, BookingStatus::Accepted).await;
        id
    }

    /// Requests the payment of a booking at its current version.
    pub(crate) async fn pay(&self, id: Id<Booking>, request: &NewPayment) -> StartedPayment {
        let version = self.booking(id).await.version;
        self.payments().if_version(version).pay(&self.customer.actor(), id, request).await.unwrap()
    }

    /// Moves a booking along the usual course to a status.
    pub(crate) async fn drive(&self, id: Id<Booking>, status: BookingStatus) {
        for _ in 0..12 {
            let booking = self.booking(id).await;
            if booking.status == status {
                return;
            }
            self.step(&booking).await;
        }
        panic!("{status} is not part of the usual course");
    }

    async fn step(&self, booking: &Booking) {
        let (bookings, id) = (self.market.bookings(), booking.id);
        let technician = Actor::user(self.technician.id, Role::Technician);
        let stepped = match booking.status {
            BookingStatus::Pending | BookingStatus::Matching => {
                bookings.find_technician(&Actor::System, id).await
            }
            BookingStatus::Assigned => bookings.accept(&technician, id).await,
            BookingStatus::Accepted => {
                if booking.departure_from(self.market.policy()) > self.now() {
                    let customer = self.customer.actor();
                    bookings.allow_early_start(&customer, id, self.now()).await.unwrap();
                }
                bookings.en_route(&technician, id).await
            }
            BookingStatus::EnRoute => bookings.arrive(&technician, id).await,
            BookingStatus::Arrived => bookings.start(&technician, id).await,
            BookingStatus::InProgress => bookings.complete(&technician, id).await,
            BookingStatus::Completed => bookings.verify(&self.customer.actor(), id).await,
            status => panic!("the usual course has no step after {status}"),
        };
        stepped.unwrap();
    }

    /// Delivers a webhook.
    pub(crate) async fn deliver(&self, call: WebhookCall) -> Id<Webhook> {
        self.payments().receive_webhook(call).await.unwrap().expect("a known token")
    }

    /// Delivers a webhook and returns its result.
    pub(crate) async fn receive(&self, call: WebhookCall) -> WebhookStatus {
        let id = self.deliver(call).await;
        Load::<Webhook>::load(&*self.store, id).await.unwrap().expect("the call is stored").status
    }

    /// Every transaction, the oldest first.
    pub(crate) async fn transactions(&self) -> Vec<Stored<Transaction>> {
        let page = PageRequest::new(100, None).unwrap();
        let filter = TransactionFilter::default();
        let mut all = self.payments().list(&Actor::System, &filter, &page).await.unwrap().items;
        all.reverse();
        all
    }

    pub(crate) async fn of_kind(&self, kind: TransactionKind) -> Vec<Stored<Transaction>> {
        self.transactions().await.into_iter().filter(|transaction| transaction.kind == kind).collect()
    }

    /// The transactions that wait for a person.
    pub(crate) async fn flagged(&self) -> Vec<Id<Transaction>> {
        let page = PageRequest::new(100, None).unwrap();
        let filter = TransactionFilter { flagged: true, ..TransactionFilter::default() };
        let flagged = self.payments().list(&Actor::System, &filter, &page).await.unwrap();
        flagged.items.iter().map(|transaction| transaction.id).collect()
    }
}
