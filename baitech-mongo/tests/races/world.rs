//! A marketplace on a separate database, with two connections like those of two processes.

use std::{future::Future, sync::Arc};

use baitech_core::{
    Marketplace,
    account::{Category, User},
    booking::{Booking, BookingPolicy, BookingRecord, BookingStatus, Bookings},
    kernel::{Id, ManualClock},
    schedule::TimeSlot,
    store::{AggregateRef, ChangeSet, Claim, ClaimKey, Claims, Commit, Event, Load, Put, Stored, Write},
    testing::{build, committed_events},
};
use baitech_mongo::{MongoStore, testing::TestServer};
use bson::{Document, doc};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// Shortly after the bookings of [`build`] were made: every offer is still open.
pub(crate) fn now() -> DateTime<Utc> {
    build::start() + TimeDelta::minutes(10)
}

/// An engine with a fixed clock on its own connection. It has no debt limit, since another race tests it.
pub(crate) fn market(store: &MongoStore, now: DateTime<Utc>) -> Marketplace {
    let mut policy = BookingPolicy::default();
    policy.payment.debt_limit = build::kes(10_000_000);
    let market = Marketplace::builder(Arc::new(store.clone())).policy(policy);
    market.clock(Arc::new(ManualClock::at(now))).build()
}

/// A database with two connections, an engine on each, and a customer.
pub(crate) struct World {
    pub(crate) uri: String,
    pub(crate) stores: [MongoStore; 2],
    pub(crate) markets: [Marketplace; 2],
    pub(crate) customer: User,
}

impl World {
    /// Creates a world on the shared server.
    pub(crate) async fn new() -> Self {
        Self::on(TestServer::shared().await.unwrap()).await
    }

    /// Creates a world on the given server.
    pub(crate) async fn on(server: &TestServer) -> Self {
        let uri = server.uri_of(&server.database_name());
        let stores = [MongoStore::connect(&uri).await.unwrap(), MongoStore::connect(&uri).await.unwrap()];
        let markets = [market(&stores[0], now()), market(&stores[1], now())];
        let world = Self { uri, stores, markets, customer: build::customer(1) };
        world.store([Put::new(world.customer.clone()).into()]).await;
        world
    }

    pub(crate) fn bookings(&self, market: usize) -> Bookings {
        self.markets[market % 2].bookings()
    }

    /// Stores the initial documents of a test, many per commit.
    pub(crate) async fn store(&self, writes: impl IntoIterator<Item = Write>) {
        let mut writes = writes.into_iter().peekable();
        while writes.peek().is_some() {
            let writes = writes.by_ref().take(250).collect();
            let _ = self.stores[0].commit(ChangeSet { writes, ..ChangeSet::new() }).await.unwrap();
        }
    }

    /// The `n`-th technician.
    pub(crate) async fn technician(&self, n: u64) -> User {
        let technician = build::technician(n, Category::Plumbing, build::nairobi());
        self.store([Put::new(technician.clone()).into()]).await;
        technician
    }

    /// The `n`-th technician with a separate customer. Each job adds tallies to both, so shared users would
    /// serialise the jobs.
    pub(crate) async fn pair(&self, n: u64) -> (User, User) {
        let customer = build::customer(100 + n);
        self.store([Put::new(customer.clone()).into()]).await;
        (self.technician(n).await, customer)
    }

    pub(crate) fn booking(&self, n: u64, technician: &User, status: BookingStatus) -> BookingRecord {
        build::booking(n, &self.customer, Some(technician), status)
    }

    pub(crate) async fn load(&self, id: Id<Booking>) -> Stored<Booking> {
        Load::<Booking>::load(&self.stores[0], id).await.unwrap().expect("the booking is stored")
    }

    pub(crate) async fn held(&self, keys: &[ClaimKey]) -> Vec<Claim> {
        self.stores[0].held(keys).await.unwrap()
    }

    /// All committed events.
    pub(crate) async fn events(&self) -> Vec<Event> {
        committed_events(&self.stores[0]).await
    }

    pub(crate) async fn count(&self, collection: &str) -> u64 {
        let documents = self.stores[0].database().collection::<Document>(collection);
        documents.count_documents(doc! {}).await.unwrap()
    }
}

/// The `n`-th booking, offered to a technician for these hours.
pub(crate) fn offer(n: u64, (technician, customer): (&User, &User), slot: TimeSlot) -> Booking {
    let record = build::booking(n, customer, Some(technician), BookingStatus::Assigned);
    Booking::from_record(BookingRecord { slot, ..record })
}

/// A new booking's write.
pub(crate) fn put(booking: &Booking) -> Write {
    Put::new(booking.clone()).into()
}

/// A slot on the given day after the first, by quarters of an hour since midnight in Nairobi.
pub(crate) fn slot(days: u64, from_quarter: u16, to_quarter: u16) -> TimeSlot {
    let date = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap() + chrono::Days::new(days);
    let time = |quarter: u16| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15).parse().unwrap();
    TimeSlot::new(date, time(from_quarter), time(to_quarter), Tz::Africa__Nairobi).unwrap()
}

/// The claims of a booking on its technician's time.
pub(crate) fn claims_of(booking: &Booking) -> Vec<Claim> {
    let holder = AggregateRef::Booking(booking.id);
    let keys = booking.slot.claim_keys(booking.technician.unwrap());
    keys.into_iter().map(|key| Claim { key, holder }).collect()
}

/// Runs the futures concurrently on all threads and returns their results.
pub(crate) async fn at_once<F>(tasks: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let started: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(started.len());
    for task in started {
        answers.push(task.await.unwrap());
    }
    answers
}
