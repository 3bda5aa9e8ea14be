//! The cost of the embedded store with the data of a first year: 50,000 bookings, 7,000 customers, 2,500
//! technicians.
//!
//! `cargo bench --bench store`. All inputs are seeded, so that every run measures the same work.

use std::{error::Error, f64::consts::TAU, hint::black_box};

use baitech::{
    Marketplace,
    account::{Category, KycStatus, NewUser, PublicPlace, User, UserRecord},
    booking::{
        Booking, BookingEvent, BookingFilter, BookingNumber, BookingRecord, BookingRepository, BookingStatus,
        NewBooking, StatusChange,
    },
    kernel::{Actor, Clock, Cursor, Email, GeoPoint, Id, ManualClock, PageRequest, PhoneNumber, Role},
    matching::{CandidateQuery, JobDays, MatchingRepository},
    memory::MemoryStore,
    schedule::cell_claim,
    store::{
        ChangeSet, Claim, Commit, Event, EventLog, Fingerprint, Idempotency, IdempotencyKey, Load, Put,
        Stored, Subject, Topic,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion};
use fastrand::Rng;
use futures::executor::block_on;

const CUSTOMERS: u64 = 7_000;
const TECHNICIANS: u64 = 2_500;
const BOOKINGS: u64 = 50_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let market = Market::year_one()?;
    commits(&mut criterion, &market)?;
    pages(&mut criterion, &market)?;
    candidates(&mut criterion, &market)?;
    criterion.final_summary();
    Ok(())
}

/// An acceptance: one write, ten quarters of an hour claimed, two events, an idempotency record.
fn commits(criterion: &mut Criterion, market: &Market) -> Outcome<()> {
    let mut acceptances = Acceptances { market, count: 0, claimed: Vec::new() };
    let mut failure: Option<Box<dyn Error>> = None;
    let mut applied = 0;
    criterion.bench_function("memory: commit of an acceptance", |bencher| {
        bencher.iter_batched(
            || {
                acceptances.next().unwrap_or_else(|error| {
                    failure = Some(error);
                    ChangeSet::new()
                })
            },
            |changes| applied += u64::from(block_on(market.store.commit(changes)).is_ok()),
            BatchSize::PerIteration,
        );
    });
    match failure {
        Some(error) => Err(error),
        None if applied < acceptances.count => Err("a commit was refused".into()),
        None => Ok(()),
    }
}

fn pages(criterion: &mut Criterion, market: &Market) -> Outcome<()> {
    let of_customer =
        BookingFilter { customer: Some(id(Role::Customer as u64, 7)), ..BookingFilter::default() };
    let paid = BookingFilter { statuses: vec![BookingStatus::Paid], ..BookingFilter::default() };
    let middle = market.start + TimeDelta::minutes(i64::try_from(BOOKINGS / 2)?);
    let from = Cursor::new(middle.timestamp_millis(), Id::<Booking>::from_bytes([0; 12]));
    let everybody = BookingFilter::default();
    let pages = [
        ("of one customer", of_customer, PageRequest::default()),
        ("of those in one status", paid, PageRequest::default()),
        ("from the middle of all", everybody, PageRequest::new(20, Some(from))?),
    ];
    for (name, filter, page) in pages {
        criterion.bench_function(&format!("memory: page of bookings {name}"), |bencher| {
            bencher.iter(|| block_on(market.store.list_bookings(black_box(&filter), &page)));
        });
    }
    Ok(())
}

fn candidates(criterion: &mut Criterion, market: &Market) -> Outcome<()> {
    let near = GeoPoint::new(36.8219, -1.2921)?;
    let today = market.start.date_naive();
    for share in [0.25, 1.0, 5.0] {
        let days = JobDays { day: today, today };
        let query = CandidateQuery { category: Category::Plumbing, near, share, preferred: None, days };
        let find = || block_on(market.store.candidates(black_box(&query)));
        let name =
            format!("memory: the {} of 2,500 technicians within {share} times their radius", find()?.len());
        criterion.bench_function(&name, |bencher| bencher.iter(find));
    }
    Ok(())
}

/// A store with the users and bookings of a year.
struct Market {
    store: std::sync::Arc<MemoryStore>,
    start: DateTime<Utc>,
}

/// The `n`-th id of a kind.
fn id<T>(kind: u64, n: u64) -> Id<T> {
    let mut bytes = [0; 12];
    let (high, low) = bytes.split_at_mut(4);
    high.copy_from_slice(&u32::try_from(kind).unwrap_or_default().to_be_bytes());
    low.copy_from_slice(&n.to_be_bytes());
    Id::from_bytes(bytes)
}

impl Market {
    fn year_one() -> Outcome<Self> {
        let start = "2026-03-02T05:00:00Z".parse()?;
        let market = Self { store: std::sync::Arc::default(), start };
        let mut rng = Rng::with_seed(50_000);
        market.fill(TECHNICIANS, &market.technician()?, |n, record| {
            // Denser towards the centre, up to 40 km away.
            let (distance, bearing) = (40.0 * rng.f64() / 111.32, TAU * rng.f64());
            let home = GeoPoint::new(36.8219 + distance * bearing.cos(), -1.2921 + distance * bearing.sin());
            record.location.point = home.ok();
            record.public_place = record.location.point.map(|home| PublicPlace::from_stored(home, home));
            apart(n, record);
        })?;
        let customer = NewUser::new(Role::Customer, "Amina", "Otieno", "amina@example.ke", "+254712345678");
        market.fill(CUSTOMERS, &market.register(&customer)?, apart)?;
        market.book()?;
        Ok(market)
    }

    /// A user in the form that the engine creates.
    fn register(&self, user: &NewUser) -> Outcome<UserRecord> {
        let market = Marketplace::builder(std::sync::Arc::new(MemoryStore::new()))
            .clock(std::sync::Arc::new(ManualClock::at(self.start)))
            .build();
        Ok(block_on(market.accounts().register(&Actor::System, user))?.value.into_record())
    }

    fn technician(&self) -> Outcome<UserRecord> {
        let mut user = NewUser::new(Role::Technician, "Juma", "Mwangi", "juma@example.ke", "+254722345678");
        user.technician = Some(serde_json::from_value(serde_json::json!({
            "skills": [{"name": "Plumbing", "category": "plumbing", "yearsOfExperience": 4}],
            "availability": {"weekly": (0..7).map(|day| serde_json::json!({
                "dayOfWeek": day, "startTime": "07:00", "endTime": "19:00",
            })).collect::<Vec<_>>()},
        }))?);
        let mut record = self.register(&user)?;
        record.kyc.status = KycStatus::Verified;
        Ok(record)
    }

    fn fill(
        &self,
        count: u64,
        pattern: &UserRecord,
        mut vary: impl FnMut(u64, &mut UserRecord),
    ) -> Outcome<()> {
        for n in 0..count {
            let mut record = pattern.clone();
            vary(n, &mut record);
            let put = Put::new(User::from_record(record));
            let _ = block_on(self.store.commit(ChangeSet::new().write(put)))?;
        }
        Ok(())
    }

    fn book(&self) -> Outcome<()> {
        let request: NewBooking = serde_json::from_value(serde_json::json!({
            "serviceCategory": "plumbing",
            "serviceType": "tap repair",
            "description": "The tap in the kitchen drips, and the one in the bath does not open.",
            "serviceLocation": {"coordinates": [36.8219, -1.2921], "city": "Nairobi"},
            "timeSlot": {"date": "2026-03-05", "startTime": "10:00", "endTime": "12:00"},
            "paymentMethod": "cash",
        }))?;
        let clock = std::sync::Arc::new(ManualClock::at(self.start));
        let market = Marketplace::builder(self.store.clone()).clock(clock.clone()).build();
        let customer = Actor::user(id(Role::Customer as u64, 0), Role::Customer);
        let made = block_on(market.bookings().create(&customer, &request))?;
        let mut rng = Rng::with_seed(7);
        for n in 0..BOOKINGS {
            let mut record = made.value.clone().into_record();
            record.id = id(9, n);
            record.number = BookingNumber::from_stored(format!("BK26{n:08}"));
            record.customer = id(Role::Customer as u64, rng.u64(0..CUSTOMERS));
            record.created_at = clock.now() + TimeDelta::minutes(i64::try_from(n)?);
            record.updated_at = record.created_at;
            record.status = match n % 10 {
                0 => BookingStatus::Assigned,
                1 => BookingStatus::Cancelled,
                _ => BookingStatus::Paid,
            };
            record.technician = Some(id(Role::Technician as u64, rng.u64(0..TECHNICIANS)));
            let put = Put::new(Booking::from_record(record));
            let _ = block_on(self.store.commit(ChangeSet::new().write(put)))?;
        }
        Ok(())
    }
}

/// Gives a user a unique id and unique fields.
fn apart(n: u64, record: &mut UserRecord) {
    let role = record.role;
    record.id = id(role as u64, n);
    record.email = Email::from_stored(format!("{}{n}@example.ke", role.as_str()));
    record.phone = PhoneNumber::from_stored(format!("+2547{}{n:07}", role as u8));
}

/// A sequence of acceptances, each of another booking.
struct Acceptances<'a> {
    market: &'a Market,
    count: u64,
    claimed: Vec<Claim>,
}

impl Acceptances<'_> {
    /// The next change set. Claims and events of the previous one are removed first.
    fn next(&mut self) -> Outcome<ChangeSet> {
        let store = &self.market.store;
        let free = std::mem::take(&mut self.claimed);
        let _ = block_on(store.commit(ChangeSet { free, ..ChangeSet::new() }))?;
        block_on(store.number_events(10))?;
        block_on(store.trim_log(DateTime::<Utc>::MAX_UTC, 10))?;

        self.count += 1;
        let id = id(9, self.count * 10 % BOOKINGS);
        let booking: Stored<Booking> = block_on(store.load(id))?.ok_or("a booking")?;
        let now = self.market.start + TimeDelta::seconds(i64::try_from(self.count)?);
        let changes = self.accept(&booking, now)?;
        self.claimed.clone_from(&changes.take);
        Ok(changes)
    }

    fn accept(&self, booking: &Stored<Booking>, now: DateTime<Utc>) -> Outcome<ChangeSet> {
        let technician = booking.technician.ok_or("a technician")?;
        let (from, to) = (booking.status, BookingStatus::Accepted);
        let mut record: BookingRecord = booking.value.clone().into_record();
        // Alternates between assigned and accepted, so that the history does not grow.
        record.status = if from == to { BookingStatus::Assigned } else { to };
        record.history.truncate(3);
        record.history.push(StatusChange {
            status: record.status,
            changed_by: Some(technician),
            changed_at: now,
            reason: None,
            notes: None,
        });
        record.updated_at = now;
        let event = |n: u32, kind: BookingEvent| Event {
            id: id(u64::from(n) + 10, self.count),
            subject: Subject::Aggregate { aggregate: booking.id.into(), version: booking.version.next() },
            n,
            actor: Actor::user(technician, Role::Technician),
            at: now,
            topics: [booking.customer, technician].map(Topic::new).into(),
            kind: kind.into(),
        };
        let changed = BookingEvent::BookingStatusChanged { from, to, technician: Some(technician) };
        let cells = i64::try_from(self.count)? * 10..;
        let claim = |cell| Claim { key: cell_claim(technician, cell), holder: booking.id.into() };
        let idempotency = Idempotency {
            scope: format!("booking.accept {technician}"),
            key: IdempotencyKey::new(&format!("request-{}", self.count))?,
            fingerprint: Fingerprint::of(&self.count.to_be_bytes()),
            answer: booking.id.to_bytes().to_vec(),
            expires_at: Some(now + TimeDelta::hours(24)),
        };
        let put = Put::over(booking, Booking::from_record(record)).due_at(Some(now + TimeDelta::hours(1)));
        Ok(ChangeSet {
            take: cells.take(10).map(claim).collect(),
            events: vec![event(0, changed), event(1, BookingEvent::BookingUpdated)],
            idempotency: Some(idempotency),
            ..ChangeSet::new().write(put)
        })
    }
}
