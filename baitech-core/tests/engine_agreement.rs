//! Users pay only prices that they were shown, and cannot set each other's prices.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use baitech_core::{
    account::{KycStatus, User},
    booking::{BookingStatus as Status, NewBooking},
    kernel::{Code, Rule},
    testing::build::{self, kes},
};
use chrono::TimeDelta;
use support::{World, assert_invalid, assert_refused, request, run, slot};

#[test]
fn fee_above_the_shown_amount_is_refused() {
    let world = World::new();
    let booking = world.drive(world.request(&request()).id, Status::Accepted);
    let customer = world.customer.actor();
    world.clock.set(booking.slot.starts_at() - TimeDelta::hours(24) - TimeDelta::seconds(5));
    let shown = run(world.bookings().cancellation_quote(&customer, booking.id)).unwrap().fee;
    assert_eq!(shown, kes(0));
    world.clock.advance(TimeDelta::seconds(10));
    let pinned = world.as_shown(booking.id).max_price(shown);
    assert_refused(run(pinned.cancel(&customer, booking.id, "found somebody")), Rule::COSTS_MORE);
    assert_eq!(world.load(booking.id).status, Status::Accepted);
    let fee = run(world.bookings().cancellation_quote(&customer, booking.id)).unwrap().fee;
    let agreed = world.as_shown(booking.id).max_price(fee);
    run(agreed.cancel(&customer, booking.id, "found somebody")).unwrap();
}

#[test]
fn booking_above_the_agreed_price_is_refused() {
    let world = World::new();
    let customer = world.customer.actor();
    let total = run(world.bookings().quote(&customer, &request())).unwrap().pricing.total;
    let too_little = total.checked_sub(kes(1)).unwrap();
    assert_refused(
        run(world.bookings().max_price(too_little).create(&customer, &request())),
        Rule::COSTS_MORE,
    );
    run(world.bookings().max_price(total).create(&customer, &request())).unwrap();
}

#[test]
fn an_approval_names_the_version_that_was_shown() {
    let world = World::new();
    let booking = world.drive(world.request(&request()).id, Status::Accepted);
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    run(world.bookings().propose_slot(&customer, booking.id, &slot(2, "10:00", "12:00"), None)).unwrap();
    assert_invalid(
        run(world.bookings().approve_slot(&technician, booking.id)),
        &[("version", Code::Required)],
    );
    run(world.as_shown(booking.id).approve_slot(&technician, booking.id)).unwrap();
}

#[test]
fn only_an_eligible_preferred_technician_sets_the_price() {
    let world = World::new();
    let customer = world.customer.actor();
    let listed = run(world.bookings().quote(&customer, &request())).unwrap().pricing.base_price;
    let quoted = |preferred| {
        let request = NewBooking { preferred_technician: Some(preferred), ..request() };
        run(world.bookings().quote(&customer, &request))
    };
    let mut friend = build::technician_record(77, request().service_category, build::nairobi());
    friend.technician.as_mut().unwrap().hourly_rate = Some(kes(1));
    friend.kyc.status = KycStatus::None;
    let id = friend.id;
    world.add(&User::from_record(friend));
    assert_eq!(quoted(id).unwrap().pricing.base_price, listed, "an unverified technician's rate is ignored");
    assert_invalid(quoted(world.customer.id), &[("preferredTechnician", Code::Unknown)]);
}

#[test]
fn a_refused_warranty_claim_uses_up_no_number() {
    let world = World::new();
    let booking = world.request(&request());
    let stranger = world.technician.actor();
    for actor in [&stranger, &world.customer.actor()] {
        run(world.bookings().claim_warranty(actor, booking.id, &slot(2, "10:00", "12:00"), "drips"))
            .unwrap_err();
    }
    let next = world.request(&request());
    assert_eq!(next.number.as_str().get(6..), Some("000002"));
}

#[test]
fn refused_assignment_reveals_nothing_about_technicians() {
    let world = World::new();
    let booking = world.drive(world.request(&request()).id, Status::Assigned);
    let technician = world.technician.actor();
    let error = run(world.bookings().assign(&technician, booking.id, world.technician.id)).unwrap_err();
    assert_eq!(error.rule(), Some(Rule::TRANSITION));
}
