//! A marketplace on the embedded store, with users and a manual clock.
#![allow(dead_code, reason = "each test file uses some of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{
    future::Future,
    sync::{Arc, Barrier},
    thread::{self, ScopedJoinHandle},
};

use baitech_core::{
    Builder, Marketplace,
    account::{Category, User},
    booking::{
        Booking, BookingEvent, BookingFilter, BookingPolicy, BookingRecord, BookingStatus, Bookings,
        NewBooking, NewLocation, NewMaterial, NewPriceChange, NewService, NewTimeSlot, Supplier,
    },
    kernel::{Actor, Code, Error, Id, ManualClock, Money, PageRequest, Result, Role, Rule, SeededEntropy},
    ledger::{Account, Entry, EntryRecord, Posting},
    memory::MemoryStore,
    store::{
        AggregateRef, ChangeSet, ClaimKey, Claims, Commit, Event, EventKind, LedgerReader, Load, Put, Stored,
    },
    testing::{build, committed_events},
    transaction::PaymentMethod,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Runs a future to its end.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

/// Starts this many threads at the same moment and returns their results.
pub(crate) fn at_once<T: Send>(threads: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let start = |n| {
            let (barrier, act) = (&barrier, &act);
            scope.spawn(move || {
                barrier.wait();
                act(n)
            })
        };
        let handles: Vec<ScopedJoinHandle<'_, T>> = (0..threads).map(start).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    })
}

/// An engine, its store and its clock, and one person of each kind.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) market: Marketplace,
    pub(crate) customer: User,
    pub(crate) stranger: User,
    pub(crate) technician: User,
    pub(crate) admin: User,
    pub(crate) support: User,
}

impl World {
    /// Monday, 2 March 2026, 8:00 in Nairobi, with the default policy except for two values: technicians can
    /// set out at any time, and one customer can have thousands of open requests.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// The world of [`new`](Self::new) with changes to its engine builder.
    pub(crate) fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::at(build::start()));
        let builder =
            Marketplace::builder(store.clone()).clock(clock.clone()).entropy(Arc::new(SeededEntropy::new(7)));
        let builder = builder.policy(BookingPolicy {
            early_departure: TimeDelta::days(10_000),
            max_open_requests: 2_000,
            ..BookingPolicy::default()
        });
        let world = Self {
            store,
            clock,
            market: configure(builder).build(),
            customer: build::customer(1),
            stranger: build::customer(2),
            technician: build::technician(1, Category::Plumbing, build::nairobi()),
            admin: build::admin(1),
            support: User::from_record(build::user(Role::Support, 1)),
        };
        for user in [&world.customer, &world.stranger, &world.technician, &world.admin, &world.support] {
            world.add(user);
        }
        world
    }

    /// Stores a user.
    pub(crate) fn add(&self, user: &User) {
        let mut changes = ChangeSet::new().write(Put::new(user.clone()));
        let holder = AggregateRef::User(user.id);
        changes.take =
            user.claims().into_iter().map(|key| baitech_core::store::Claim { key, holder }).collect();
        let _ = run(self.store.commit(changes)).unwrap();
    }

    /// Stores the `n`-th technician, who lives this many kilometres north of the job.
    pub(crate) fn add_technician(&self, n: u64, kilometres: f64) -> User {
        let home = build::point(36.8219, -1.2921 + kilometres / 110.574);
        let user = build::technician(n, Category::Plumbing, home);
        self.add(&user);
        user
    }

    /// Lets in a company's administrator and one who works there.
    pub(crate) fn add_company(&self) -> (User, User) {
        let company = build::company(1);
        self.add(&company);
        let mut employee = build::user(Role::Corporate, 2);
        employee.corporate = company.corporate.clone();
        employee.corporate.as_mut().unwrap().administrator = Some(company.id);
        let employee = User::from_record(employee);
        self.add(&employee);
        (company, employee)
    }

    /// Commands on the current version of a booking, which an approval must name.
    pub(crate) fn as_shown(&self, id: Id<Booking>) -> Bookings {
        self.bookings().if_version(self.load(id).version)
    }

    pub(crate) fn bookings(&self) -> Bookings {
        self.market.bookings()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        baitech_core::kernel::Clock::now(&*self.clock)
    }

    pub(crate) fn pass(&self, minutes: i64) {
        self.clock.advance(TimeDelta::minutes(minutes));
    }

    /// Runs all due tasks.
    pub(crate) fn work(&self) -> baitech_core::WorkDone {
        run(self.market.worker().run_until_idle()).unwrap()
    }

    pub(crate) fn load(&self, id: Id<Booking>) -> Stored<Booking> {
        run(Load::<Booking>::load(&*self.store, id)).unwrap().expect("the booking is stored")
    }

    /// Credits a wallet without a payment.
    pub(crate) fn put_into_wallet(&self, user: Id<User>, amount: Money) {
        let entry = Entry::new(EntryRecord {
            id: Id::generate(self.now(), &SeededEntropy::new(99)),
            cause: AggregateRef::User(user),
            description: "test".to_owned(),
            at: self.now(),
            postings: vec![
                Posting { account: Account::Wallet(user), amount },
                Posting { account: Account::Bank, amount: amount.negated() },
            ],
        });
        let mut changes = ChangeSet::new();
        changes.entries.push(entry.unwrap());
        let _ = run(self.store.commit(changes)).unwrap();
    }

    /// Stores a booking in the form of an earlier application.
    pub(crate) fn store_booking(&self, record: BookingRecord) -> Id<Booking> {
        let id = record.id;
        let changes = ChangeSet::new().write(Put::new(Booking::from_record(record)));
        let _ = run(self.store.commit(changes)).unwrap();
        id
    }

    pub(crate) fn book(&self) -> Stored<Booking> {
        self.request(&request())
    }

    pub(crate) fn request(&self, request: &NewBooking) -> Stored<Booking> {
        run(self.bookings().create(&self.customer.actor(), request)).unwrap()
    }

    /// A new booking that follows the usual course to a status.
    pub(crate) fn book_until(&self, status: BookingStatus) -> Stored<Booking> {
        let booking = self.book();
        self.drive(booking.id, status)
    }

    /// Moves a booking along the usual course to a status.
    pub(crate) fn drive(&self, id: Id<Booking>, status: BookingStatus) -> Stored<Booking> {
        for _ in 0..12 {
            let booking = self.load(id);
            if booking.status == status {
                return booking;
            }
            self.step(&booking).unwrap();
        }
        panic!("{} is not part of the usual course", status)
    }

    /// Takes the next step of the usual course with its usual actor.
    pub(crate) fn step(&self, booking: &Booking) -> Result<Stored<Booking>> {
        self.step_as(booking, &Actor::user(booking.customer, Role::Customer))
    }

    /// Takes the next step of the usual course, with a customer in another role.
    pub(crate) fn step_as(&self, booking: &Booking, customer: &Actor) -> Result<Stored<Booking>> {
        let (bookings, id) = (self.bookings(), booking.id);
        let technician = booking.technician.map(|id| Actor::user(id, Role::Technician));
        let technician = technician.unwrap_or(Actor::System);
        match booking.status {
            BookingStatus::Pending | BookingStatus::Matching | BookingStatus::Rejected => {
                run(bookings.find_technician(&Actor::System, id))
            }
            BookingStatus::Assigned => run(bookings.accept(&technician, id)),
            BookingStatus::Accepted => {
                if booking.departure_from(self.market.policy()) > self.now() {
                    run(bookings.allow_early_start(customer, id, self.now()))?;
                }
                run(bookings.en_route(&technician, id))
            }
            BookingStatus::EnRoute => run(bookings.arrive(&technician, id)),
            BookingStatus::Arrived => run(bookings.start(&technician, id)),
            BookingStatus::InProgress => run(bookings.complete(&technician, id)),
            BookingStatus::Completed => run(bookings.verify(customer, id)),
            BookingStatus::PaymentPending => run(bookings.confirm_cash(&technician, id)),
            status => panic!("the usual course has no step after {status}"),
        }
    }

    /// All committed events.
    pub(crate) fn events(&self) -> Vec<Event> {
        run(committed_events(&*self.store))
    }

    /// The events of one booking, in order.
    pub(crate) fn events_of(&self, id: Id<Booking>) -> Vec<Event> {
        self.events()
            .into_iter()
            .filter(|event| event.aggregate() == Some(AggregateRef::Booking(id)))
            .collect()
    }

    /// The event data of one booking, in order.
    pub(crate) fn happened_to(&self, id: Id<Booking>) -> Vec<BookingEvent> {
        let kinds = self.events_of(id).into_iter().map(|event| event.kind);
        kinds
            .filter_map(|kind| if let EventKind::Booking(event) = kind { Some(event) } else { None })
            .collect()
    }

    /// The balance of an account in whole shillings.
    pub(crate) fn balance(&self, account: Account) -> i64 {
        let currency = self.market.policy().currency;
        let balance = run(LedgerReader::balance(&*self.store, account, currency)).unwrap();
        i64::try_from(balance.amount()).expect("whole shillings")
    }

    /// The number of bookings that an admin can list.
    pub(crate) fn booking_count(&self) -> usize {
        let page = PageRequest::new(100, None).unwrap();
        let all = run(self.bookings().list(&Actor::System, &BookingFilter::default(), &page)).unwrap();
        all.items.len()
    }

    /// Those of the claims that a booking holds.
    pub(crate) fn held(&self, keys: &[ClaimKey]) -> Vec<(ClaimKey, AggregateRef)> {
        let held = run(Claims::held(&*self.store, keys)).unwrap();
        held.into_iter().map(|claim| (claim.key, claim.holder)).collect()
    }

    /// The entries that move money; reservations of headroom are left out.
    pub(crate) fn money_entries(&self) -> Vec<Entry> {
        let moves_money =
            |entry: &Entry| entry.postings.iter().all(|part| part.account != Account::OpenAmounts);
        self.store.ledger_entries().into_iter().filter(moves_money).collect()
    }

    /// The parts of the store that a refused command could have changed.
    pub(crate) fn trace(&self) -> Trace {
        Trace {
            events: self.events().len(),
            entries: self.store.ledger_entries().len(),
            bookings: self.booking_count(),
        }
    }
}

/// The number of stored records of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) events: usize,
    pub(crate) entries: usize,
    pub(crate) bookings: usize,
}

/// A plumbing job of two hours in the centre of Nairobi, tomorrow (Tuesday) from 10:00: 2,000 KES of work,
/// 2,738 KES in total.
pub(crate) fn request() -> NewBooking {
    NewBooking {
        service_category: Category::Plumbing,
        service_type: "tap repair".to_owned(),
        description: "The tap in the kitchen drips.".to_owned(),
        urgency: baitech_core::schedule::Urgency::Medium,
        images: Vec::new(),
        service_location: NewLocation {
            coordinates: (36.8219, -1.2921),
            address: Some("Moi Avenue 12".to_owned()),
            city: Some("Nairobi".to_owned()),
            access_instructions: Some("The gate's code is 1234".to_owned()),
            ..NewLocation::default()
        },
        time_slot: slot(1, "10:00", "12:00"),
        preferred_technician: None,
        payment_method: PaymentMethod::Cash,
        project: None,
        recurrence: None,
        notes: None,
        source: None,
        on_behalf_of: None,
        discount: None,
    }
}

/// A slot on the given day after the first.
pub(crate) fn slot(days: u64, from: &str, to: &str) -> NewTimeSlot {
    NewTimeSlot {
        date: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap() + chrono::Days::new(days),
        start_time: from.to_owned(),
        end_time: to.to_owned(),
        estimated_duration: None,
        time_zone: None,
    }
}

/// A proposal of a higher price: materials, and services at these prices.
pub(crate) fn price_change(materials: Vec<NewMaterial>, services: &[i64]) -> NewPriceChange {
    let service = |price: &i64| NewService { name: "another tap".to_owned(), price: kes(*price) };
    let services = services.iter().map(service).collect();
    NewPriceChange { reason: "the pipe is broken".to_owned(), materials, services }
}

pub(crate) fn material(provided_by: Supplier, quantity: i64, unit_price: i64) -> NewMaterial {
    let (name, unit_price) = ("copper pipe".to_owned(), kes(unit_price));
    NewMaterial { name, quantity: quantity.into(), unit_price, provided_by }
}

pub(crate) fn kes(shillings: i64) -> Money {
    build::kes(shillings)
}

/// Asserts that this rule refused the command.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(result: Result<T>, rule: Rule) {
    match result {
        Err(error) if error.rule() == Some(rule) => {}
        other => panic!("expected a refusal by {rule:?}, got {other:?}"),
    }
}

/// Asserts that exactly these violations were reported.
#[track_caller]
pub(crate) fn assert_invalid<T: std::fmt::Debug>(result: Result<T>, expected: &[(&str, Code)]) {
    let Err(Error::Invalid(violations)) = result else {
        panic!("expected the violations {expected:?}, got {result:?}");
    };
    let mut found: Vec<_> = violations.iter().map(|v| (v.field.to_string(), v.code)).collect();
    let mut expected: Vec<_> = expected.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, expected);
}

/// Asserts that the command is forbidden to the actor.
#[track_caller]
pub(crate) fn assert_forbidden<T: std::fmt::Debug>(result: Result<T>) {
    assert!(matches!(result, Err(Error::Forbidden { .. })), "expected `forbidden`, got {result:?}");
}

/// Asserts that the object is reported as missing.
#[track_caller]
pub(crate) fn assert_not_found<T: std::fmt::Debug>(result: Result<T>) {
    assert!(matches!(result, Err(Error::NotFound { .. })), "expected `not found`, got {result:?}");
}
