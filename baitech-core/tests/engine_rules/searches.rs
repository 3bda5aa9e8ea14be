//! A search finds exactly the technicians who can do the job, in the same order for every requested number.
//! Its memory of earlier searches changes only the radius with which it begins.

use std::sync::Arc;

use baitech_core::{
    Marketplace,
    account::{Availability, Category, TimeOfDay, User},
    booking::{Booking, NewBooking},
    kernel::{Actor, Id, SeededEntropy},
    testing::build,
};
use chrono::Weekday;
use proptest::prelude::*;

use crate::support::{World, request, run};

/// A search: the job's distance north of the city centre in kilometres, and the number of technicians.
fn searches() -> impl Strategy<Value = Vec<(f64, usize)>> {
    prop::collection::vec((prop::sample::select(vec![0.0, 0.5, 3.0, 9.0, 30.0]), 1..12_usize), 1..12)
}

/// Books a job this many kilometres north of the city centre.
fn book(world: &World, customer: &Actor, north: f64) -> Id<Booking> {
    let mut wanted: NewBooking = request();
    wanted.service_location.coordinates.1 += north / 110.574;
    run(world.bookings().create(customer, &wanted)).unwrap().id
}

/// The market in a new process, which has no memory of earlier searches.
fn restarted(world: &World) -> Marketplace {
    let builder = Marketplace::builder(world.store.clone()).clock(world.clock.clone());
    builder.entropy(Arc::new(SeededEntropy::new(1))).build()
}

/// Adds a technician this many kilometres north of the city centre, who works on Mondays or on no day.
fn add_technician(world: &World, number: u64, kilometres: f64, works: bool) -> User {
    let home = build::point(36.8219, -1.2921 + kilometres / 110.574);
    let mut record = build::technician_record(number, Category::Plumbing, home);
    if !works {
        let (start, end) = (TimeOfDay::new(1, 0).unwrap(), TimeOfDay::new(2, 0).unwrap());
        record.technician.as_mut().unwrap().availability =
            Availability::on_weekdays(&[Weekday::Sun], start, end);
    }
    let user = User::from_record(record);
    world.add(&user);
    user
}

/// Gives a technician another job at the same time.
fn engage(world: &World, technician: &User, kilometres: f64) {
    let mut wanted = request();
    wanted.service_location.coordinates.1 += kilometres / 110.574;
    wanted.preferred_technician = Some(technician.id);
    let id = run(world.bookings().create(&world.customer.actor(), &wanted)).unwrap().id;
    run(world.bookings().find_technician(&Actor::System, id)).unwrap();
    let accepted = run(world.bookings().accept(&technician.actor(), id)).unwrap();
    assert_eq!(accepted.technician, Some(technician.id));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn search_result_does_not_depend_on_earlier_searches(
        homes in prop::collection::vec(-12.0..12.0_f64, 0..60),
        searches in searches(),
    ) {
        let world = World::new();
        for (number, kilometres) in (10..).zip(homes) {
            world.add_technician(number, kilometres);
        }
        let customer = world.customer.actor();
        for (north, limit) in searches {
            let id = book(&world, &customer, north);
            let found = run(world.bookings().candidates(&customer, id, limit)).unwrap();
            let expected = run(restarted(&world).bookings().candidates(&customer, id, limit)).unwrap();
            prop_assert_eq!(found, expected, "{} km north, {} wanted", north, limit);
        }
    }

    #[test]
    fn search_finds_exactly_the_technicians_who_can_come(
        technicians in prop::collection::vec((-12.0..12.0_f64, any::<bool>(), any::<bool>()), 0..40),
        north in prop::sample::select(vec![0.0, 0.5, 3.0, 9.0]),
    ) {
        let world = World::new();
        let customer = world.customer.actor();
        let id = book(&world, &customer, north);
        let mut added = vec![world.technician.id];
        for (number, (kilometres, works, is_engaged)) in (10..).zip(technicians) {
            let user = add_technician(&world, number, kilometres, works);
            if works && is_engaged {
                engage(&world, &user, kilometres);
            }
            added.push(user.id);
        }
        let why_not = |technician: &Id<User>| run(world.bookings().why_not(&customer, id, *technician)).unwrap();
        let mut eligible: Vec<_> = added.into_iter().filter(|technician| why_not(technician).is_none()).collect();
        let all = run(world.bookings().candidates(&customer, id, 100)).unwrap();
        let mut found: Vec<_> = all.iter().map(|offer| offer.technician).collect();
        for limit in 0..all.len() {
            let best = run(restarted(&world).bookings().candidates(&customer, id, limit)).unwrap();
            prop_assert_eq!(&best[..], &all[..limit], "{} wanted", limit);
        }
        found.sort_unstable();
        eligible.sort_unstable();
        prop_assert_eq!(found, eligible);
    }
}
