//! The limit of open requests per customer.

use baitech_core::{
    booking::{BookingPolicy, BookingStatus as Status, NewBooking, OPEN_REQUEST_CLAIMS, open_request_claim},
    kernel::Rule,
    pricing::{Demand, DemandSurge},
    store::IdempotencyKey,
    testing::build,
};
use chrono::TimeDelta;

use crate::support::{World, assert_refused, at_once, request, run};

const MOST: u16 = 5;

fn world() -> World {
    World::with(|builder| {
        builder.policy(BookingPolicy {
            max_open_requests: MOST,
            early_departure: TimeDelta::days(10_000),
            ..BookingPolicy::default()
        })
    })
}

fn open(world: &World) -> usize {
    let keys: Vec<_> = (0..MOST).map(|n| open_request_claim(world.customer.id, n)).collect();
    assert!(keys.iter().all(|key| key.space() == OPEN_REQUEST_CLAIMS));
    world.held(&keys).len()
}

#[test]
fn open_requests_of_a_customer_are_limited() {
    let world = world();
    let customer = world.customer.actor();
    let first = world.book();
    for _ in 1..MOST {
        world.book();
    }
    let refused = run(world.bookings().create(&customer, &request()));
    let message = refused.as_ref().unwrap_err().to_string();
    assert!(message.contains("at most 5"), "{message}");
    assert_refused(refused, Rule::TOO_MANY_REQUESTS);
    run(world.bookings().create(&world.stranger.actor(), &request())).unwrap();
    let staff = NewBooking { on_behalf_of: Some(world.customer.id), ..request() };
    assert_refused(run(world.bookings().create(&world.admin.actor(), &staff)), Rule::TOO_MANY_REQUESTS);

    // Refusals consume no number; an accepted or cancelled request frees a place.
    let accepted = world.drive(first.id, Status::Accepted);
    assert_eq!((accepted.open_request, open(&world)), (None, usize::from(MOST) - 1));
    let next = world.book();
    assert_eq!(next.number.as_str().get(6..), Some("000007"));
    assert_refused(run(world.bookings().create(&customer, &request())), Rule::TOO_MANY_REQUESTS);
    run(world.bookings().cancel(&customer, next.id, "no need")).unwrap();
    assert_eq!(open(&world), usize::from(MOST) - 1);
    world.book();
}

#[test]
fn declined_request_counts_as_open() {
    let world = world();
    let booking = world.book();
    world.drive(booking.id, Status::Assigned);
    run(world.bookings().reject(&world.technician.actor(), booking.id, "no")).unwrap();
    assert_eq!(open(&world), 1);
    for _ in 0..4 {
        world.pass(10);
        world.work();
    }
    assert_eq!((world.load(booking.id).status, open(&world)), (Status::Cancelled, 0));
}

#[test]
fn concurrent_requests_stay_within_the_limit() {
    for _ in 0..20 {
        let world = world();
        let made =
            at_once(24, |_| run(world.bookings().create(&world.customer.actor(), &request())).map(drop));
        let (created, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
        assert_eq!(created.len(), usize::from(MOST));
        for refusal in refused {
            assert_refused(refusal, Rule::TOO_MANY_REQUESTS);
        }
        assert_eq!(open(&world), usize::from(MOST));
    }
}

#[test]
fn repeated_request_counts_once() {
    let world = world();
    let key = IdempotencyKey::new("once").unwrap();
    let create = || {
        run(world.bookings().idempotency_key(key.clone()).create(&world.customer.actor(), &request()))
            .unwrap()
    };
    let first = create();
    for _ in 1..MOST {
        world.book();
    }
    assert_eq!(create().id, first.id, "also when all places are taken");
    assert_eq!(open(&world), usize::from(MOST));
}

#[test]
fn requests_of_one_customer_do_not_raise_the_price_for_others() {
    let world = World::new();
    let quoted = || run(world.bookings().quote(&world.stranger.actor(), &request())).unwrap().pricing.total;
    world.book();
    let price = quoted();
    for _ in 0..40 {
        world.book();
    }
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(quoted(), price);
    for n in 10..13 {
        let other = build::customer(n);
        world.add(&other);
        run(world.bookings().create(&other.actor(), &request())).unwrap();
    }
    assert_eq!(quoted(), price, "the counts of a zone are cached for a minute");
    world.clock.advance(TimeDelta::minutes(1));
    assert!(quoted().amount() > price.amount(), "requests of other customers raise it");
}

#[test]
fn clock_set_back_reloads_the_zone_counts() {
    let world = World::new();
    let quoted = || run(world.bookings().quote(&world.stranger.actor(), &request())).unwrap().pricing.total;
    let price = quoted();
    for n in 10..14 {
        let other = build::customer(n);
        world.add(&other);
        run(world.bookings().create(&other.actor(), &request())).unwrap();
    }
    assert_eq!(quoted(), price);
    world.clock.set(world.now() - TimeDelta::hours(1));
    assert!(quoted().amount() > price.amount());
}

#[test]
fn requests_are_counted_up_to_the_nearest_technicians() {
    let mut policy = BookingPolicy::default();
    policy.pricing.surcharges.demand.refresh_seconds = 0;
    policy.pricing.surcharges.demand.most_technicians = 3;
    let world = World::with(|builder| builder.policy(policy));
    let quoted = || run(world.bookings().quote(&world.stranger.actor(), &request())).unwrap().pricing.total;
    let price = quoted();
    let books = |number, kilometres_north: f64| {
        let other = build::customer(number);
        world.add(&other);
        let mut request = request();
        request.service_location.coordinates.1 += kilometres_north / 111.0;
        run(world.bookings().create(&other.actor(), &request)).unwrap();
    };
    (10..18).for_each(|number| books(number, 8.0));
    assert!(quoted().amount() > price.amount(), "one technician within 10 km: all requests there count");
    for number in 20..23 {
        world.add_technician(number, 1.0);
    }
    assert_eq!(quoted(), price, "of three technicians within 4 km, nearer requests would count");
    (30..38).for_each(|number| books(number, 0.0));
    assert!(quoted().amount() > price.amount());
}

#[test]
fn demand_raises_a_price_at_most_by_the_cap() {
    let surge = DemandSurge::default();
    for open_requests in [0, 1, 2, 3, 80, 10_000, u64::MAX] {
        for free_technicians in [0, 1, 2, 50, u64::MAX] {
            assert!(surge.rate(Demand { open_requests, free_technicians }) <= surge.cap);
        }
    }
}
