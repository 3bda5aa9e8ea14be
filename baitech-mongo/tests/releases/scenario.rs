//! A small marketplace with something of everything that a database contains.

use std::sync::Arc;

use async_trait::async_trait;
use baitech_core::account::Category;
use baitech_core::booking::{Booking, BookingFilter, BookingRepository, BookingStatus, NewBooking};
use baitech_core::booking::{NewLocation, NewTimeSlot};
use baitech_core::kernel::{Actor, Id, ManualClock, PageRequest, Result, Role, SeededEntropy};
use baitech_core::payment::NewPayment;
use baitech_core::store::{
    AggregateRef, ChangeSet, Commit, ConsumerName, CounterKey, CounterName, CounterReader, EdgeKey, EdgeKind,
    EdgeValue, Edges, IdempotencyKey, Put, Stored,
};
use baitech_core::testing::{build, sample_writes};
use baitech_core::transaction::{PaymentMethod, Transaction};
use baitech_core::{Consumer, ConsumerError, ConsumerRun, LoggedEvent, Marketplace};
use baitech_mongo::MongoStore;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// The number of events that the consumer has handled or parked in a fixture.
pub(crate) const CONSUMED: usize = 4;

/// Handles events without an effect, and parks the second one, once.
#[derive(Debug)]
struct Mailer {
    parks: bool,
}

#[async_trait]
impl Consumer for Mailer {
    fn name(&self) -> ConsumerName {
        const NAME: ConsumerName = ConsumerName::new("mailer");
        NAME
    }

    async fn handle(&self, events: &[LoggedEvent]) -> std::result::Result<ChangeSet, ConsumerError> {
        if self.parks && events.iter().any(|logged| logged.seq.get() == 2) {
            return Err(ConsumerError::park("the address does not exist"));
        }
        Ok(ChangeSet::new())
    }
}

/// The people and commands of the scenario, on any store.
pub(crate) struct Story {
    store: MongoStore,
    clock: Arc<ManualClock>,
    market: Marketplace,
}

impl Story {
    pub(crate) fn on(store: &MongoStore) -> Self {
        // After the job of the fixtures, and before their open booking.
        let clock = Arc::new(ManualClock::at(build::start() + TimeDelta::days(12)));
        // Ids of the time at which they are drawn never collide with those of a fixture.
        let entropy = Arc::new(SeededEntropy::new(u64::from(std::process::id())));
        let market =
            Marketplace::builder(Arc::new(store.clone())).clock(clock.clone()).entropy(entropy).build();
        Self { store: store.clone(), clock, market }
    }

    fn at(self, at: DateTime<Utc>) -> Self {
        self.clock.set(at);
        self
    }

    fn request() -> NewBooking {
        let place = NewLocation { coordinates: (36.8219, -1.2921), ..NewLocation::default() };
        let slot = NewTimeSlot::new(NaiveDate::from_ymd_opt(2026, 3, 12).unwrap(), "10:00", "12:00");
        let cash = PaymentMethod::Cash;
        NewBooking::new(Category::Plumbing, "tap repair", "The tap in the kitchen drips.", place, slot, cash)
    }

    fn customer() -> Actor {
        build::customer(1).actor()
    }

    pub(crate) async fn book(&self) -> Result<Stored<Booking>> {
        let slot = NewTimeSlot::new(NaiveDate::from_ymd_opt(2026, 3, 20).unwrap(), "14:00", "16:00");
        let request = NewBooking { time_slot: slot, ..Self::request() };
        self.market.bookings().create(&Self::customer(), &request).await
    }

    /// Tops up the company's wallet under one key. The answers to requests that move money never expire.
    pub(crate) async fn top_up(&self, shillings: i64) -> Result<Id<Transaction>> {
        let transfer = NewPayment { method: Some(PaymentMethod::BankTransfer), ..NewPayment::default() };
        let payments = self.market.payments().idempotency_key(IdempotencyKey::new("top-up").unwrap());
        let company = Actor::user(build::company(3).id, Role::Corporate);
        let started = payments.top_up(&company, build::kes(shillings), &transfer).await?;
        Ok(started.transaction.id)
    }

    /// Cancels the booking that was accepted and not begun.
    pub(crate) async fn cancel_open(&self) -> Result<Stored<Booking>> {
        let filter = BookingFilter { statuses: vec![BookingStatus::Accepted], ..BookingFilter::default() };
        let page = self.store.list_bookings(&filter, &PageRequest::default()).await?;
        let open = page.items.first().unwrap().id;
        self.market.bookings().cancel(&Self::customer(), open, "no need").await
    }

    pub(crate) async fn consume(&self) -> ConsumerRun {
        self.market.worker().consume(&Mailer { parks: false }).await.unwrap()
    }

    pub(crate) async fn retry_parked(&self) {
        let operations = self.market.operations();
        for parked in operations.list_parked(&Actor::System, &PageRequest::default()).await.unwrap().items {
            operations.retry_parked(&Actor::System, parked.consumer, parked.seq).await.unwrap();
        }
    }

    /// Puts or removes the like, and returns the number of likes.
    pub(crate) async fn toggle_like(&self) -> i64 {
        let edge = self.store.load_edge(&like()).await.unwrap();
        let now = build::start() + TimeDelta::days(1);
        let value = EdgeValue::new("set");
        let change = if edge.is_present() { edge.remove(now) } else { edge.put(value, now) };
        let edges = vec![change.unwrap()];
        let counters = change.unwrap().deltas(|_| [likes()]);
        let _ = self.store.commit(ChangeSet { edges, counters, ..ChangeSet::new() }).await.unwrap();
        self.store.read_counters(&[likes()]).await.unwrap()[0]
    }

    /// Runs a cash job from its request to its end.
    async fn whole_job(&self, technician: &Actor) {
        let (bookings, customer) = (self.market.bookings(), Self::customer());
        let booking = bookings.create(&customer, &Self::request()).await.unwrap();
        let (id, starts_at) = (booking.id, booking.slot.starts_at());
        bookings.find_technician(&customer, id).await.unwrap();
        bookings.accept(technician, id).await.unwrap();
        self.clock.set(starts_at - TimeDelta::minutes(20));
        bookings.en_route(technician, id).await.unwrap();
        bookings.arrive(technician, id).await.unwrap();
        self.clock.set(starts_at);
        bookings.start(technician, id).await.unwrap();
        self.clock.advance(TimeDelta::hours(1));
        bookings.complete(technician, id).await.unwrap();
        bookings.verify(&customer, id).await.unwrap();
        bookings.confirm_cash(technician, id).await.unwrap();
    }
}

fn like() -> EdgeKey {
    EdgeKey::new(EdgeKind::new("like"), build::customer(1).id, liked())
}

fn liked() -> AggregateRef {
    AggregateRef::User(build::id(900))
}

fn likes() -> CounterKey {
    CounterKey::new(liked(), CounterName::new("likes"))
}

/// Fills an empty database.
pub(crate) async fn fill(store: &MongoStore) {
    let technician = build::technician(1, Category::Plumbing, build::nairobi());
    let people = [build::customer(1), technician.clone(), build::company(3), build::admin(4)];
    for user in people {
        let _ = store.commit(ChangeSet::new().write(Put::new(user))).await.unwrap();
    }
    for write in sample_writes(50, |_| None) {
        let _ = store.commit(ChangeSet { writes: vec![write], ..ChangeSet::new() }).await.unwrap();
    }
    let story = Story::on(store).at(build::start() + TimeDelta::minutes(10));
    let open = story.book_later().await;
    story.market.bookings().find_technician(&Story::customer(), open).await.unwrap();
    story.market.bookings().accept(&technician.actor(), open).await.unwrap();
    let cancelled = story.book_later().await;
    story.market.bookings().cancel(&Story::customer(), cancelled, "a mistake").await.unwrap();
    story.whole_job(&technician.actor()).await;
    story.top_up(100).await.unwrap();
    assert_eq!(story.toggle_like().await, 1);

    // Some events are numbered and consumed, some numbered, and the last ones neither.
    while story.market.worker().number_events().await.unwrap() > 0 {}
    let first_four = FirstFour(Mailer { parks: true });
    story.market.worker().consume(&first_four).await.unwrap();
    story.book().await.unwrap();
}

impl Story {
    async fn book_later(&self) -> Id<Booking> {
        let slot = NewTimeSlot::new(NaiveDate::from_ymd_opt(2026, 3, 20).unwrap(), "10:00", "12:00");
        let request = NewBooking { time_slot: slot, ..Self::request() };
        self.market.bookings().create(&Self::customer(), &request).await.unwrap().id
    }
}

/// The mailer, which fails after four events.
#[derive(Debug)]
struct FirstFour(Mailer);

#[async_trait]
impl Consumer for FirstFour {
    fn name(&self) -> ConsumerName {
        self.0.name()
    }

    async fn handle(&self, events: &[LoggedEvent]) -> std::result::Result<ChangeSet, ConsumerError> {
        if events.iter().any(|logged| logged.seq.get() > 4) {
            return Err(ConsumerError::retry("the mail server is down"));
        }
        self.0.handle(events).await
    }
}
