//! An attacker with any number of HTTP requests cannot find out where technicians live, or where customers
//! live before acceptance.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a test fails by panicking"
)]

mod attacker;
#[path = "../common/mod.rs"]
mod common;
mod geometry;

use std::collections::{BTreeMap, BTreeSet};

use attacker::Attacker;
use axum::http::Method;
use baitech_core::{
    account::{
        Address, Availability, Category, IdType, KycDecision, KycDocuments, NewUser, Skill,
        TechnicianProfile, TimeOfDay, User,
    },
    booking::BookingPolicy,
    kernel::{Actor, Currency, Id, Money, Role, Text},
};
use chrono::Weekday;
use common::{World, new_booking, user};
use geometry::{Spot, apart, at, by_order, by_scores, on_circle, spot};
use serde_json::{Value, json};

/// The homes of the technicians that the attacker looks for. The last one is an account of the attacker.
const HOMES: [Spot; 5] =
    [(300.0, 200.0), (-2_500.0, 1_200.0), (1_800.0, -3_100.0), (-900.0, -2_200.0), (2_600.0, 1_900.0)];
/// The home of the only technician of another trade.
const LONER: Spot = (1_234.0, -777.0);

/// The ways to find a technician's public place, sorted by name.
const WAYS: [&str; 7] = [
    "distance in a refusal",
    "distance of a candidate",
    "eligibility",
    "order",
    "own rate in a quote",
    "own rate of a booking",
    "scores",
];

/// A marketplace that counts demand for every price, without the cache. An attacker who waits between
/// requests gets the same.
async fn world() -> World {
    let mut policy = BookingPolicy::default();
    policy.pricing.surcharges.demand.refresh_seconds = 0;
    World::with(|builder| builder.policy(policy)).await
}

/// A technician who registers in the usual way and is verified by staff.
async fn join(world: &World, n: u32, category: Category, home: Spot) -> User {
    let skill = Skill {
        element: None,
        name: Text::from_stored("everything"),
        category,
        years_of_experience: n,
        verified: false,
        verification_documents: Vec::new(),
    };
    let days = [0, 1, 2, 3, 4, 5, 6].map(|day| Weekday::try_from(day).unwrap());
    let hours = (TimeOfDay::new(6, 0).unwrap(), TimeOfDay::new(22, 0).unwrap());
    let profile = TechnicianProfile {
        availability: Availability::on_weekdays(&days, hours.0, hours.1),
        hourly_rate: Some(Money::from_minor(77_700 + i64::from(n), Currency::KES)),
        ..TechnicianProfile::new(vec![skill])
    };
    let (email, phone) = (format!("t{n}@example.ke"), format!("07330000{n:02}"));
    let new = NewUser {
        location: Address { point: Some(at(home)), ..Address::default() },
        technician: Some(profile),
        ..NewUser::new(Role::Technician, "Peter", "Kamau", &email, &phone)
    };
    let accounts = world.market.accounts();
    let joined = accounts.register(&Actor::System, &new).await.unwrap();
    let documents = KycDocuments {
        id_type: IdType::NationalId,
        id_number: format!("1234567{n}"),
        front_image: "https://cdn.example.ke/front.jpg".to_owned(),
        back_image: None,
    };
    accounts.submit_kyc(&joined.actor(), joined.id, &documents).await.unwrap();
    let admin = user(Role::Admin, 1).actor();
    accounts.decide_kyc(&admin, joined.id, &KycDecision::Verify).await.unwrap().value
}

/// The result of one kind of attack on one technician.
struct Estimate {
    technician: Id<User>,
    how: &'static str,
    place: Spot,
}

/// Measures the scores of the candidates for jobs at places all around.
async fn measure_scores(attacker: &Attacker<'_>) -> BTreeMap<String, Vec<(Spot, f64)>> {
    let mut measured: BTreeMap<String, Vec<(Spot, f64)>> = BTreeMap::new();
    for n in 0..24 {
        let place = on_circle(3_500.0, f64::from(n) * 2.4);
        for offer in attacker.candidates(Category::Painting, place).await {
            let technician = offer["technician"].as_str().unwrap().to_owned();
            measured.entry(technician).or_default().push((place, offer["score"].as_f64().unwrap()));
        }
    }
    measured
}

/// Places on circles around the centre at which two technicians swap their ranks in the list of candidates.
async fn even_places(attacker: &Attacker<'_>, one: Id<User>, other: Id<User>) -> Vec<Spot> {
    let (one, other) = (one.to_string(), other.to_string());
    let comes_first = async |place: Spot| {
        let offers = attacker.candidates(Category::Painting, place).await;
        let rank = |who: &str| offers.iter().position(|offer| offer["technician"] == *who);
        rank(&one) < rank(&other)
    };
    let mut even = Vec::new();
    for radius in [1_000.0, 2_500.0, 4_000.0, 5_500.0] {
        let corners: Vec<_> = (0..6).map(|n| on_circle(radius, f64::from(n) * 1.047 + radius)).collect();
        let mut first = Vec::new();
        for corner in &corners {
            first.push(comes_first(*corner).await);
        }
        for n in 0..corners.len() {
            let next = (n + 1) % corners.len();
            if first[n] && !first[next] {
                even.push(attacker.border(corners[n], corners[next], 12, &comes_first).await);
            } else if !first[n] && first[next] {
                even.push(attacker.border(corners[next], corners[n], 12, &comes_first).await);
            }
        }
    }
    even
}

/// Locates one painter by all attacks except the scores.
async fn locate(attacker: &Attacker<'_>, painter: Id<User>, mole: (Id<User>, Spot)) -> Vec<Estimate> {
    let (trade, name) = (Category::Painting, painter.to_string());
    let eligible = async |place: Spot| attacker.why_not(trade, place, painter).await.is_empty();
    let within_14_km = async |place: Spot| {
        let reason = attacker.why_not(trade, place, painter).await;
        let distance = reason.split("about ").nth(1).and_then(|rest| rest.split(' ').next());
        distance.is_none_or(|distance| distance.parse::<u32>().unwrap() <= 14)
    };
    let shown_within_5_km = async |place: Spot| {
        let offers = attacker.candidates(trade, place).await;
        let offer = offers.iter().find(|offer| offer["technician"] == name);
        offer.is_some_and(|offer| offer["distance"].as_f64().unwrap() <= 5_000.0)
    };
    let listed = attacker.quote(trade, (60_000.0, 0.0), None).await;
    let quoted_own = async |place: Spot| attacker.quote(trade, place, Some(painter)).await != listed;
    let priced_own = async |place: Spot| attacker.price(trade, place, Some(painter)).await != listed;
    let middle = (0.0, 0.0);
    let mut found = vec![
        ("eligibility", attacker.middle_of_border(middle, eligible).await),
        ("distance in a refusal", attacker.middle_of_border(middle, within_14_km).await),
        ("distance of a candidate", attacker.middle_of_border(middle, shown_within_5_km).await),
        ("own rate in a quote", attacker.middle_of_border(middle, quoted_own).await),
        ("own rate of a booking", attacker.middle_of_border(middle, priced_own).await),
    ];
    let even = even_places(attacker, painter, mole.0).await;
    found.push(("order", by_order(&even, mole.1)));
    let estimate =
        |(how, place): (_, Option<Spot>)| Some(Estimate { technician: painter, how, place: place? });
    found.into_iter().filter_map(estimate).collect()
}

#[tokio::test]
async fn five_thousand_requests_do_not_reveal_a_home() {
    let world = world().await;
    let mut painters = Vec::new();
    for (n, home) in (1..).zip(HOMES) {
        painters.push(join(&world, n, Category::Painting, home).await);
    }
    let loner = join(&world, 9, Category::Welding, LONER).await;
    let attacker = Attacker::new(&world);

    let measured = measure_scores(&attacker).await;
    let mut estimates: Vec<Estimate> = Vec::new();
    for painter in &painters {
        let place = by_scores(&measured[&painter.id.to_string()]);
        estimates.push(Estimate { technician: painter.id, how: "scores", place });
    }
    let mole = (painters[4].id, estimates[4].place);
    for painter in &painters[..4] {
        estimates.extend(locate(&attacker, painter.id, mole).await);
    }
    let assigned = async |place: Spot| attacker.is_assigned(Category::Welding, place).await;
    let place = attacker.middle_of_border((0.0, 0.0), assigned).await.unwrap();
    estimates.push(Estimate { technician: loner.id, how: "search", place });
    // Open requests of two customers all around: the price depends on whether the only technician is within
    // 10 km.
    let around = (0..6).map(|n| on_circle(12_000.0, f64::from(n) * 1.047));
    for place in around.chain([(0.0, 0.0)]) {
        attacker.book(Category::Welding, place, None).await;
        let request = attacker.job(Category::Welding, place, None);
        let accomplice = user(Role::Customer, 2);
        attacker.send(&accomplice, Method::POST, "bookings", Some(request)).await.ok();
    }
    let near = attacker.quote(Category::Welding, (0.0, 0.0), None).await;
    let supplied = async |place: Spot| attacker.quote(Category::Welding, place, None).await == near;
    let place = attacker.middle_of_border((0.0, 0.0), supplied).await.unwrap();
    estimates.push(Estimate { technician: loner.id, how: "demand", place });

    let requests = attacker.requests.get();
    assert!((3_000..=5_000).contains(&requests), "{requests} requests");
    let mut located = BTreeSet::new();
    for technician in painters.iter().chain([&loner]) {
        let stored = world.market.accounts().get(&Actor::System, technician.id).await.unwrap();
        let (home, place) = (stored.location.point.unwrap(), stored.public_point().unwrap());
        for Estimate { how, place: found, .. } in
            estimates.iter().filter(|found| found.technician == technician.id)
        {
            let error = apart(*found, spot(home));
            assert!(error >= 400.0, "{how} locates a home within {error:.0} m");
            // The attack itself works: it finds the public place, from which the answers are computed. Demand
            // is counted by zones of 2.2 km.
            let precision = if *how == "demand" { 2_000.0 } else { 50.0 };
            if apart(*found, spot(place)) < precision {
                located.insert((technician.id, *how));
            }
        }
        let answers = attacker.answers_near(home);
        assert!(answers.is_empty(), "an answer holds a coordinate of a home: {:?}", answers.first());
    }
    for painter in &painters[..4] {
        let by: Vec<_> = located.iter().filter(|(id, _)| *id == painter.id).map(|(_, how)| *how).collect();
        assert_eq!(by, WAYS, "the attacker finds the public place of a painter by each way");
    }
    for how in ["demand", "search"] {
        assert!(
            located.contains(&(loner.id, how)),
            "the attacker finds the public place of the loner by {how}"
        );
    }
}

/// Reads a job on every route as a technician to whom it is offered.
async fn look(attacker: &Attacker<'_>, technician: &User, booking: &Value) {
    let (id, number) = (booking["id"].as_str().unwrap(), booking["bookingNumber"].as_str().unwrap());
    let me = technician.id;
    for path in [
        format!("bookings/{id}"),
        format!("bookings/number/{number}"),
        format!("bookings/{id}/history"),
        format!("bookings/{id}/cancellation-fee"),
        format!("bookings/{id}/candidates"),
        format!("bookings/{id}/candidates/{me}/why-not"),
        format!("bookings?technician={me}"),
        format!("bookings/stats?technician={me}"),
        format!("transactions?payee={me}"),
    ] {
        attacker.send(technician, Method::GET, &path, None).await;
    }
    let slot = json!({ "date": "2026-03-04", "startTime": "10:00", "endTime": "12:00" });
    let propose = Some(json!({ "timeSlot": slot }));
    attacker.send(technician, Method::POST, &format!("bookings/{id}/reschedule"), propose).await;
    attacker.send(technician, Method::POST, &format!("bookings/{id}/arrive"), None).await;
    // A stale version is answered with the current booking.
    for command in ["accept", "reject", "en-route"] {
        attacker.send_stale(technician, &format!("bookings/{id}/{command}")).await;
    }
}

#[tokio::test]
async fn technicians_see_only_the_town_of_a_job_before_accepting() {
    let world = world().await;
    let victim = user(Role::Customer, 2);
    let mole = join(&world, 7, Category::Carpentry, (1_000.0, 500.0)).await;
    let other = join(&world, 8, Category::Carpentry, (-1_000.0, 500.0)).await;
    let attacker = Attacker::new(&world);
    let place = at((2_345.0, 3_456.0));
    let mut job = new_booking();
    job["serviceCategory"] = json!(Category::Carpentry);
    job["serviceLocation"]["coordinates"] = json!([place.longitude(), place.latitude()]);
    let booking = world.post(&victim, "/api/v1/bookings", Some(job)).await.ok();
    let id = booking["id"].as_str().unwrap();
    let search = async || {
        let path = format!("/api/v1/bookings/{id}/find-technician");
        let offered = world.post(&user(Role::Admin, 1), &path, None).await.ok();
        let is_offered = |user: &&User| offered["technician"] == json!(user.id);
        [&mole, &other].into_iter().find(is_offered).unwrap()
    };
    let command = async |who: &User, name: &str| {
        let path = format!("bookings/{id}/{name}");
        attacker.send(who, Method::POST, &path, None).await.ok()
    };

    for outsider in [&mole, &other] {
        look(&attacker, outsider, &booking).await;
    }
    let first = search().await;
    look(&attacker, first, &booking).await;
    command(first, "reject").await;
    look(&attacker, first, &booking).await;
    let second = search().await;
    assert_ne!(first.id, second.id);
    look(&attacker, second, &booking).await;
    let seen = attacker.send(second, Method::GET, &format!("bookings/{id}"), None).await.ok();
    assert_eq!(seen["serviceLocation"]["city"], "Nairobi");
    let leaks = attacker.answers_near(place);
    assert!(leaks.is_empty(), "an answer holds the place of a job: {:?}", leaks.first());

    command(second, "accept").await;
    assert_eq!(attacker.answers_near(place).len(), 1, "the search must find a place that is shown");
    attacker.forget();
    look(&attacker, first, &booking).await;
    let leaks = attacker.answers_near(place);
    assert!(leaks.is_empty(), "a technician who declined gets the place of a job: {:?}", leaks.first());
    look(&attacker, second, &booking).await;
    assert!(!attacker.answers_near(place).is_empty());
}
