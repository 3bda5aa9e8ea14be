//! Technicians cannot start long before the slot without the customer's agreement.

use baitech_core::{
    booking::{Booking, BookingEvent, BookingPolicy, BookingStatus as Status},
    kernel::{Code, Rule},
    store::Stored,
    testing::build,
};
use chrono::TimeDelta;

use crate::support::{World, assert_forbidden, assert_invalid, assert_refused, run, slot};

/// A marketplace with the default policy, and a job on Tuesday at 10:00 that was accepted on Monday at 8:00.
fn accepted() -> (World, Stored<Booking>) {
    let world = World::with(|builder| builder.policy(BookingPolicy::default()));
    let booking = world.book_until(Status::Accepted);
    (world, booking)
}

#[test]
fn a_technician_sets_out_four_hours_before_the_start_at_the_earliest() {
    let (world, booking) = accepted();
    let technician = world.technician.actor();
    let set_out = || run(world.bookings().en_route(&technician, booking.id));
    let earliest = booking.slot.starts_at() - TimeDelta::hours(4);
    world.clock.set(earliest - TimeDelta::milliseconds(1));
    let refused = set_out();
    let message = refused.as_ref().unwrap_err().to_string();
    assert!(message.contains("2026-03-03 06:00 (Africa/Nairobi)"), "{message}");
    assert_refused(refused, Rule::TOO_EARLY);
    assert_eq!(world.load(booking.id).status, Status::Accepted);
    world.clock.set(earliest);
    assert_eq!(set_out().unwrap().status, Status::EnRoute);
}

#[test]
fn a_customer_can_agree_to_an_earlier_start() {
    let (world, booking) = accepted();
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    let support = world.support.actor();
    let allow = |actor, from| run(world.bookings().allow_early_start(actor, booking.id, from));
    let at_noon = world.now() + TimeDelta::hours(4);
    assert_forbidden(allow(&technician, at_noon));
    assert_forbidden(allow(&support, at_noon));
    let usual = booking.slot.starts_at() - TimeDelta::hours(4);
    assert_invalid(allow(&customer, usual), &[("from", Code::OutOfRange)]);

    let allowed = allow(&customer, at_noon).unwrap();
    assert_eq!(allowed.early_start, Some(at_noon));
    let agreed = BookingEvent::BookingEarlyStartAllowed { from: at_noon };
    assert_eq!(world.happened_to(booking.id).last(), Some(&agreed));
    assert_refused(run(world.bookings().en_route(&technician, booking.id)), Rule::TOO_EARLY);
    world.clock.set(at_noon);
    world.drive(booking.id, Status::Completed);
}

#[test]
fn rescheduling_ends_the_agreement_to_an_early_start() {
    let (world, booking) = accepted();
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    run(world.bookings().allow_early_start(&customer, booking.id, world.now())).unwrap();
    run(world.bookings().propose_slot(&technician, booking.id, &slot(9, "10:00", "12:00"), None)).unwrap();
    let moved = run(world.as_shown(booking.id).approve_slot(&customer, booking.id)).unwrap();
    assert_eq!(moved.early_start, None);
    assert_refused(run(world.bookings().en_route(&technician, booking.id)), Rule::TOO_EARLY);
}

#[test]
fn stored_work_that_started_too_early_cannot_continue() {
    // An earlier application let technicians set out at any time.
    for (status, ahead) in [(Status::EnRoute, true), (Status::Arrived, false)] {
        let world = World::with(|builder| builder.policy(BookingPolicy::default()));
        let record = build::booking(1, &world.customer, Some(&world.technician), status);
        let id = world.store_booking(record);
        let technician = world.technician.actor();
        let step = || {
            let bookings = world.bookings();
            if ahead { run(bookings.arrive(&technician, id)) } else { run(bookings.start(&technician, id)) }
        };
        assert_refused(step(), Rule::TOO_EARLY);
        world.clock.set(world.load(id).slot.starts_at());
        step().unwrap();
    }
}
