//! The cost of the rules: a look-up in the state machine, a quote, and a match among 2,500 technicians of one
//! city.
//!
//! `cargo bench --bench rules`. All inputs are seeded, so that every run measures the same work.

use std::{
    collections::{HashMap, HashSet},
    error::Error,
    f64::consts::TAU,
    hint::black_box,
};

use baitech::{
    account::{Category, Rating, User},
    booking::{
        Assignment, Booking, BookingPolicy, BookingStatus, Context, Inputs, NewBooking, NewLocation,
        NewTimeSlot, Parties, Party, Terms,
    },
    kernel::{Actor, Currency, Distance, GeoPoint, Id, Money, Role, SeededEntropy},
    matching::{Candidate, CandidateSkill, Job, MatchingPolicy, WeightedScorer, Workload, rank},
    pricing::{Demand, PricingPolicy, QuoteRequest},
    schedule::{TimeSlot, Urgency},
    transaction::{PaymentMethod, PaymentTiming},
};
use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use criterion::{BatchSize, Criterion};
use fastrand::Rng;
use rust_decimal::Decimal;

const TECHNICIANS: u32 = 2_500;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    transitions(&mut criterion);
    decisions(&mut criterion)?;
    quotes(&mut criterion)?;
    matching(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn transitions(criterion: &mut Criterion) {
    let technician = Parties::of(&[Party::Technician]);
    let arrow = (BookingStatus::Assigned, BookingStatus::Accepted);
    criterion.bench_function("transition look-up", |bencher| {
        bencher.iter(|| {
            let (from, to) = black_box(arrow);
            from.who_may(to).meets(technician)
        });
    });
}

/// An acceptance: the table, the history entry, the event, ten claims, the reminders.
fn decisions(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let policy = BookingPolicy { early_departure: TimeDelta::days(7), ..BookingPolicy::default() };
    let entropy = SeededEntropy::new(7);
    let now = "2026-03-02T05:00:00Z".parse()?;
    let [customer, technician] = [1_u8, 2].map(|n| Id::<User>::from_bytes([n; 12]));
    let context =
        |actor| Context { actor, now, policy: &policy, entropy: &entropy, inputs: Inputs::default() };
    let customer_asks = context(Actor::user(customer, Role::Customer));
    let request = NewBooking::new(
        Category::Plumbing,
        "sink repair",
        "The kitchen sink leaks into the cupboard below it.",
        NewLocation { coordinates: (36.82, -1.29), ..NewLocation::default() },
        NewTimeSlot::new(NaiveDate::from_ymd_opt(2026, 3, 4).ok_or("no such day")?, "10:00", "12:00"),
        PaymentMethod::Cash,
    );
    let pricing = policy.pricing.quote(&QuoteRequest::new(
        Money::from_major(2_000, Currency::KES),
        Urgency::Medium,
        slot()?,
    ))?;
    let terms = Terms {
        customer,
        company: None,
        pricing: pricing.pricing,
        priced_for: None,
        open_request: None,
        timing: PaymentTiming::AfterVerification,
    };
    let assignment =
        Assignment { technician, algorithm: "manual".to_owned(), score: None, alternatives: vec![] };
    let requested = Booking::request(request.check(&customer_asks)?, terms, &customer_asks)?.next;
    let searched = requested.begin_matching(&customer_asks)?.next;
    let offered = searched.assign(assignment, &customer_asks)?.next;
    let technician_accepts = context(Actor::user(technician, Role::Technician));
    criterion.bench_function("decision to set out, on a whole booking", |bencher| {
        let accepted = offered.clone().accept(&technician_accepts).map(|decision| decision.next);
        bencher.iter_batched(
            || accepted.as_ref().ok().cloned(),
            |booking| booking.map(|booking| booking.en_route(&technician_accepts)),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("decision to accept, with its claims and reminders", |bencher| {
        bencher.iter_batched(
            || offered.clone(),
            |booking| booking.accept(&technician_accepts),
            BatchSize::SmallInput,
        );
    });
    Ok(())
}

fn quotes(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let policy = PricingPolicy::default();
    let shillings = |units| Money::from_major(units, Currency::KES);
    let request = QuoteRequest {
        demand: Demand { open_requests: 9, free_technicians: 7 },
        materials: shillings(450),
        services: shillings(300),
        discount: shillings(200),
        ..QuoteRequest::new(shillings(2_350), Urgency::High, slot()?)
    };
    criterion.bench_function("quote with four surcharges", |bencher| {
        bencher.iter(|| policy.quote(black_box(&request)));
    });
    Ok(())
}

fn matching(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let policy = MatchingPolicy::default();
    let scorer = WeightedScorer::new(policy.scoring);
    let slot = slot()?;
    let job = Job {
        category: Category::Plumbing,
        point: GeoPoint::new(36.8219, -1.2921)?,
        starts_at: slot.starts_at(),
        ends_at: slot.ends_at(),
        preferred: None,
        declined: &[],
        radius_factor: 1.0,
    };
    let limit = policy.alternatives + 1;
    for (name, market) in [("over a city", Market::city()?), ("among equals", Market::equals()?)] {
        let Market { candidates, workloads, busy } = market;
        let eligible = rank(&job, &candidates, &workloads, &busy, &scorer, usize::MAX).len();
        let name = format!("matching {TECHNICIANS} technicians {name}, {eligible} eligible");
        criterion.bench_function(&name, |bencher| {
            bencher.iter(|| rank(black_box(&job), &candidates, &workloads, &busy, &scorer, limit));
        });
    }
    Ok(())
}

/// Saturday morning in the peak hours.
fn slot() -> Result<TimeSlot, Box<dyn Error>> {
    let date = NaiveDate::from_ymd_opt(2026, 3, 7).ok_or("a date")?;
    Ok(TimeSlot::new(date, "08:00".parse()?, "10:00".parse()?, Tz::Africa__Nairobi)?)
}

struct Market {
    candidates: Vec<Candidate>,
    workloads: HashMap<Id<User>, Workload>,
    busy: HashSet<Id<User>>,
}

/// Estates of Nairobi: longitude, latitude, and how far they spread in kilometres.
const ESTATES: [(f64, f64, f64); 10] = [
    (36.8219, -1.2921, 2.0),
    (36.8120, -1.2650, 2.5),
    (36.7820, -1.3000, 3.0),
    (36.8950, -1.2833, 3.5),
    (36.8590, -1.2190, 4.0),
    (36.7073, -1.3197, 4.0),
    (36.9630, -1.2200, 4.0),
    (36.6600, -1.2480, 5.0),
    (36.8350, -1.1710, 5.0),
    (37.0800, -1.0390, 6.0),
];

impl Market {
    /// A city: technicians of all categories around its estates, some of whom are busy.
    fn city() -> Result<Self, Box<dyn Error>> {
        let mut rng = Rng::with_seed(2_500);
        let mut market = Self { candidates: Vec::new(), workloads: HashMap::new(), busy: HashSet::new() };
        for number in 0..TECHNICIANS {
            let (longitude, latitude, spread) = *rng.choice(&ESTATES).ok_or("an estate")?;
            let (distance, bearing) = (spread * rng.f64().sqrt() / 111.32, TAU * rng.f64());
            let point =
                GeoPoint::new(longitude + distance * bearing.cos(), latitude + distance * bearing.sin())?;
            let skill = CandidateSkill { verified: rng.u8(0..10) < 6, years_of_experience: rng.u32(0..20) };
            let candidate = Candidate {
                skill: Some(skill),
                service_radius: Distance::from_kilometres(f64::from(rng.u32(5..40))),
                rating: Rating { average: Decimal::new(rng.i64(300..=500), 2), count: rng.u32(0..80) },
                completion_rate: Some(0.8 + 0.2 * rng.f64()),
                punctuality: Some(0.7 + 0.3 * rng.f64()),
                ..candidate(number, point)
            };
            if rng.u8(0..10) == 0 {
                market.busy.insert(candidate.technician);
            }
            let workload = Workload { that_day: rng.u32(0..5), last_week: rng.u32(0..20) };
            market.workloads.insert(candidate.technician, workload);
            market.candidates.push(candidate);
        }
        Ok(market)
    }

    /// The hardest case: all technicians are equally suitable, at similar distances in all directions.
    fn equals() -> Result<Self, Box<dyn Error>> {
        let mut candidates = Vec::new();
        for number in 0..TECHNICIANS {
            let bearing = TAU * f64::from(number) / f64::from(TECHNICIANS);
            let distance = (4.0 + f64::from(number % 100) / 100.0) / 111.32;
            let point =
                GeoPoint::new(36.8219 + distance * bearing.cos(), -1.2921 + distance * bearing.sin())?;
            candidates.push(candidate(number, point));
        }
        Ok(Self { candidates, workloads: HashMap::new(), busy: HashSet::new() })
    }
}

/// A technician without history.
fn candidate(number: u32, point: GeoPoint) -> Candidate {
    let mut bytes = [0; 12];
    for (byte, of_number) in bytes.iter_mut().zip(number.to_be_bytes()) {
        *byte = of_number;
    }
    Candidate {
        technician: Id::from_bytes(bytes),
        is_active: true,
        is_verified: true,
        skill: Some(CandidateSkill { verified: true, years_of_experience: 5 }),
        point: Some(point),
        service_radius: Distance::from_kilometres(10.0),
        hourly_rate: None,
        rating: Rating::default(),
        completion_rate: None,
        punctuality: None,
    }
}
