//! An attacker with ordinary accounts cannot find out where technicians live.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use baitech_core::{
    account::{
        Address, Availability, Category, IdType, KycDecision, KycDocuments, NewUser, ProfileChange, Skill,
        TechnicianProfile, TimeOfDay, User,
    },
    booking::NewBooking,
    kernel::{Actor, GeoPoint, Id, Money, Role, Text},
};
use chrono::Weekday;
use support::{World, run};

/// Metres per degree of latitude and longitude near the equator.
const NORTH: f64 = 110_574.0;
const EAST: f64 = 111_290.0;

/// A place in metres east and north of the centre of Nairobi.
type Spot = (f64, f64);

fn at((east, north): Spot) -> GeoPoint {
    GeoPoint::new(36.8219 + east / EAST, -1.2921 + north / NORTH).unwrap()
}

fn spot(point: GeoPoint) -> Spot {
    ((point.longitude() - 36.8219) * EAST, (point.latitude() + 1.2921) * NORTH)
}

fn apart(a: Spot, b: Spot) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// A technician who registers in the usual way and is verified by staff.
fn join(world: &World, n: u32, category: Category, home: GeoPoint) -> Id<User> {
    let skill = Skill {
        element: None,
        name: Text::from_stored("everything"),
        category,
        years_of_experience: n,
        verified: false,
        verification_documents: Vec::new(),
    };
    let days = [0, 1, 2, 3, 4, 5, 6].map(|day| Weekday::try_from(day).unwrap());
    let profile = TechnicianProfile {
        availability: Availability::on_weekdays(
            &days,
            TimeOfDay::new(6, 0).unwrap(),
            TimeOfDay::new(22, 0).unwrap(),
        ),
        hourly_rate: Some(Money::from_minor(77_700 + i64::from(n), baitech_core::kernel::Currency::KES)),
        ..TechnicianProfile::new(vec![skill])
    };
    let (email, phone) = (format!("t{n}@example.ke"), format!("07330000{n:02}"));
    let new = NewUser {
        location: Address { point: Some(home), ..Address::default() },
        technician: Some(profile),
        ..NewUser::new(Role::Technician, "Peter", "Kamau", &email, &phone)
    };
    let accounts = world.market.accounts();
    let user = run(accounts.register(&Actor::System, &new)).unwrap();
    let documents = KycDocuments {
        id_type: IdType::NationalId,
        id_number: format!("1234567{n}"),
        front_image: "https://cdn.example.ke/front.jpg".to_owned(),
        back_image: None,
    };
    run(accounts.submit_kyc(&user.actor(), user.id, &documents)).unwrap();
    run(accounts.decide_kyc(&world.admin.actor(), user.id, &KycDecision::Verify)).unwrap();
    user.id
}

/// An attacker with a customer's account who sends any number of requests.
struct Attacker<'a> {
    world: &'a World,
    requests: std::cell::Cell<u32>,
    answers: std::cell::RefCell<String>,
}

impl Attacker<'_> {
    fn count(&self) {
        self.requests.set(self.requests.get() + 1);
    }

    fn job(&self, category: Category, place: Spot, preferred: Option<Id<User>>) -> NewBooking {
        let mut request = support::request();
        let point = at(place);
        request.service_category = category;
        request.service_location.coordinates = (point.longitude(), point.latitude());
        request.preferred_technician = preferred;
        request
    }

    /// Creates a booking at a place, reads an answer for it, and cancels the booking.
    fn ask<T>(
        &self,
        category: Category,
        place: Spot,
        ask: impl FnOnce(&Actor, Id<baitech_core::booking::Booking>) -> T,
    ) -> T {
        let customer = self.world.customer.actor();
        let bookings = self.world.bookings();
        let booking = run(bookings.create(&customer, &self.job(category, place, None))).unwrap();
        let answer = ask(&customer, booking.id);
        run(bookings.cancel(&customer, booking.id, "no need")).unwrap();
        (0..3).for_each(|_| self.count());
        answer
    }

    /// Whether `why_not` calls a technician eligible for a job at a place.
    fn is_eligible(&self, category: Category, technician: Id<User>, place: Spot) -> bool {
        self.ask(category, place, |customer, id| {
            let why_not = run(self.world.bookings().why_not(customer, id, technician)).unwrap();
            self.answers.borrow_mut().push_str(&why_not.map(|reason| reason.to_string()).unwrap_or_default());
            why_not.is_none()
        })
    }

    /// The technicians' scores for a job at a place.
    fn scores(&self, category: Category, place: Spot) -> Vec<(Id<User>, f64)> {
        self.ask(category, place, |customer, id| {
            let offers = run(self.world.bookings().candidates(customer, id, 100)).unwrap();
            self.answers.borrow_mut().push_str(&serde_json::to_string(&offers).unwrap());
            for offer in &offers {
                assert_eq!(offer.distance.kilometres().fract(), 0.0, "distances are whole kilometres");
            }
            offers.into_iter().map(|offer| (offer.technician, offer.score)).collect()
        })
    }

    fn price(&self, category: Category, place: Spot, preferred: Option<Id<User>>) -> Money {
        self.count();
        let request = self.job(category, place, preferred);
        run(self.world.bookings().quote(&self.world.customer.actor(), &request)).unwrap().pricing.total
    }

    /// Finds where an answer changes along four rays from a place at which it is `true`. Returns the centre
    /// of the circle through these places, or `None` if the answer never changes.
    fn middle_of_border(&self, from: Spot, inside: impl Fn(Spot) -> bool) -> Option<Spot> {
        if !inside(from) {
            return None;
        }
        let mut border = Vec::new();
        for (east, north) in [(1.0, 0.2), (-0.3, 1.0), (-1.0, -0.4), (0.5, -1.0)] {
            let along = |metres: f64| (from.0 + east * metres, from.1 + north * metres);
            let (mut within, mut beyond) = (0.0, 40_000.0);
            if inside(along(beyond)) {
                return None;
            }
            for _ in 0..16 {
                let middle = f64::midpoint(within, beyond);
                if inside(along(middle)) { within = middle } else { beyond = middle }
            }
            border.push(along(within));
        }
        // x² + y² = 2ax + 2by + c for every point of the circle around (a, b).
        let rows: Vec<[f64; 4]> =
            border.iter().map(|(x, y)| [2.0 * x, 2.0 * y, 1.0, x * x + y * y]).collect();
        let [a, b, _] = least_squares(&rows);
        Some((a, b))
    }
}

/// The least-squares solution of the rows `[a, b, c, sum]` for three unknowns.
fn least_squares(rows: &[[f64; 4]]) -> [f64; 3] {
    let mut normal = [[0.0; 4]; 3];
    for row in rows {
        for i in 0..3 {
            for j in 0..4 {
                normal[i][j] += row[i] * row[j];
            }
        }
    }
    for i in 0..3 {
        let pivot = (i..3).max_by(|a, b| normal[*a][i].abs().total_cmp(&normal[*b][i].abs())).unwrap();
        normal.swap(i, pivot);
        let row = normal[i];
        for (_, other) in normal.iter_mut().enumerate().filter(|(k, _)| *k != i) {
            let factor = other[i] / row[i];
            for (cell, of_row) in other.iter_mut().zip(row) {
                *cell -= factor * of_row;
            }
        }
    }
    [0, 1, 2].map(|i| normal[i][3] / normal[i][i])
}

/// Estimates a technician's place from scores at several places; a score falls by 0.25 over 10 km.
fn by_scores(measured: &[(Spot, f64)], start: Spot) -> Spot {
    let slope = 0.25 / 10_000.0;
    let (mut x, mut y, mut best) = (start.0, start.1, 1.0);
    for _ in 0..60 {
        let rows: Vec<[f64; 4]> = measured
            .iter()
            .map(|(place, score)| {
                let distance = apart(*place, (x, y)).max(1.0);
                let (east, north) = ((x - place.0) / distance, (y - place.1) / distance);
                [-slope * 1e4 * east, -slope * 1e4 * north, 1.0, score - (best - slope * distance)]
            })
            .collect();
        let [east, north, more] = least_squares(&rows);
        let step = (east.hypot(north) * 1e4).max(1.0);
        let scale = 1e4 * (3_000.0 / step).min(1.0);
        (x, y, best) = (x + east * scale, y + north * scale, best + more);
    }
    (x, y)
}

#[test]
fn five_thousand_requests_do_not_reveal_a_home() {
    let world = World::new();
    let homes: Vec<Spot> =
        vec![(300.0, 200.0), (-2_500.0, 1_200.0), (1_800.0, -3_100.0), (-900.0, -2_200.0), (4_000.0, 900.0)];
    let technicians: Vec<Id<User>> =
        (1..).zip(&homes).map(|(n, home)| join(&world, n, Category::Painting, at(*home))).collect();
    let loner = join(&world, 9, Category::Welding, at((1_234.0, -777.0)));
    let attacker = Attacker { world: &world, requests: Default::default(), answers: Default::default() };

    let mut estimates: Vec<(Id<User>, &str, Spot)> = Vec::new();
    let mut measured: Vec<Vec<(Spot, f64)>> = vec![Vec::new(); technicians.len()];
    for n in 0..24 {
        let angle = f64::from(n) * 2.4;
        let place = (3_500.0 * angle.cos(), 3_500.0 * angle.sin());
        for (technician, score) in attacker.scores(Category::Painting, place) {
            let index = technicians.iter().position(|known| *known == technician).unwrap();
            measured[index].push((place, score));
        }
    }
    for (n, technician) in technicians.iter().enumerate() {
        estimates.push((*technician, "scores", by_scores(&measured[n], (0.0, 0.0))));
        let eligible = |place| attacker.is_eligible(Category::Painting, *technician, place);
        estimates.extend(
            attacker.middle_of_border((0.0, 0.0), eligible).map(|spot| (*technician, "why_not", spot)),
        );
        let listed = attacker.price(Category::Painting, (60_000.0, 0.0), None);
        let own = |place| attacker.price(Category::Painting, place, Some(*technician)) != listed;
        estimates
            .extend(attacker.middle_of_border((0.0, 0.0), own).map(|spot| (*technician, "own rate", spot)));
    }
    // An accomplice's open request makes the price depend on whether the only technician is within 10 km.
    let accomplice = world.stranger.actor();
    for north in [0.0, 8_000.0, -8_000.0] {
        let request = attacker.job(Category::Welding, (0.0, north), None);
        run(world.bookings().create(&accomplice, &request)).unwrap();
    }
    let scarce = |place| attacker.price(Category::Welding, place, None);
    let (near, far) = (scarce((0.0, 0.0)), scarce((0.0, 60_000.0)));
    let supplied = |place| scarce(place) == near;
    if near != far {
        estimates.extend(attacker.middle_of_border((0.0, 0.0), supplied).map(|spot| (loner, "demand", spot)));
    }

    let requests = attacker.requests.get();
    assert!((1_000..=5_000).contains(&requests), "{requests} requests");
    let answers = attacker.answers.borrow();
    for technician in technicians.iter().chain([&loner]) {
        let user = run(world.market.accounts().get(&world.admin.actor(), *technician)).unwrap();
        let (home, place) = (user.location.point.unwrap(), user.public_point().unwrap());
        let own: Vec<_> = estimates.iter().filter(|(id, ..)| id == technician).collect();
        for (_, how, estimate) in &own {
            let error = apart(*estimate, spot(home));
            assert!(error >= 400.0, "{how} locates a home within {error:.0} m");
        }
        if *technician != loner {
            // The attack itself works: it finds the public place, from which the answers are computed.
            for how in ["scores", "why_not"] {
                let (.., estimate) = own.iter().find(|(_, by, _)| *by == how).unwrap();
                let error = apart(*estimate, spot(place));
                assert!(error < 60.0, "{how} misses the public place by {error:.0} m");
            }
        }
        for coordinate in [home.longitude(), home.latitude()] {
            assert!(!answers.contains(&format!("{coordinate:.3}")), "an answer holds a coordinate of a home");
        }
    }
}

#[test]
fn unchanged_home_keeps_its_public_place() {
    let world = World::new();
    let home = at((0.0, 0.0));
    let id = join(&world, 1, Category::Painting, home);
    let accounts = world.market.accounts();
    let user = run(accounts.get(&world.admin.actor(), id)).unwrap();
    let place = user.public_point().unwrap();
    let settle = |point: Option<GeoPoint>| {
        let location = Some(Address { point, ..Address::default() });
        let change = ProfileChange { location, ..ProfileChange::default() };
        run(accounts.change_profile(&user.actor(), id, &change)).unwrap().public_point()
    };
    assert_eq!(settle(Some(home)), Some(place));
    assert_eq!(settle(None), None, "a technician without a home is not matched");
    assert_eq!(settle(Some(home)), Some(place));

    let nearby = settle(Some(at((0.0, 300.0)))).unwrap();
    let moved = apart(spot(place), spot(nearby));
    assert!(
        (299.0..301.0).contains(&moved),
        "the public place must follow the home, but it moved {moved:.0} m"
    );
    let elsewhere = at((20_000.0, 0.0));
    let there = settle(Some(elsewhere)).unwrap();
    let offset = elsewhere.geodesic_distance(there).metres();
    assert!((499.0..1_001.0).contains(&offset), "{offset:.0} m");
}
