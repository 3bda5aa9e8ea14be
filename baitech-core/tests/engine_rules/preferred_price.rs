//! The own rate of a preferred technician prices a job for that technician alone.

use baitech_core::{
    account::{Availability, User},
    booking::{Booking, BookingStatus as Status, NewBooking},
    kernel::{Actor, Money, Rule},
    matching::Exclusion,
    store::Stored,
    testing::build,
};
use chrono::Weekday;

use crate::support::{World, assert_refused, kes, request, run, slot};

/// A plumber with an own rate, who lives this many kilometres north of the job.
fn plumber(rate: i64, kilometres: f64) -> User {
    let home = build::point(36.8219, -1.2921 + kilometres / 110.574);
    let mut record = build::technician_record(50, request().service_category, home);
    record.technician.as_mut().unwrap().hourly_rate = Some(kes(rate));
    User::from_record(record)
}

fn preferring(technician: &User) -> NewBooking {
    NewBooking { preferred_technician: Some(technician.id), ..request() }
}

fn base(world: &World, request: &NewBooking) -> Money {
    run(world.bookings().quote(&world.customer.actor(), request)).unwrap().pricing.base_price
}

/// A job at a plumber's own rate, which that plumber declined. The list price is 1,000 an hour.
fn declined(rate: i64) -> (World, Stored<Booking>, User) {
    let world = World::new();
    let cheap = plumber(rate, 1.0);
    world.add(&cheap);
    let booking = world.request(&preferring(&cheap));
    let offered = world.drive(booking.id, Status::Assigned);
    assert_eq!((offered.technician, offered.priced_for), (Some(cheap.id), Some(cheap.id)));
    assert_eq!(offered.pricing.base_price, kes(2 * rate));
    let booking = run(world.bookings().reject(&cheap.actor(), booking.id, "no")).unwrap();
    (world, booking, cheap)
}

#[test]
fn own_rate_applies_only_to_an_eligible_technician() {
    let world = World::new();
    let listed = base(&world, &request());
    let near = plumber(500, 1.0);
    world.add(&near);
    assert_eq!(base(&world, &preferring(&near)), kes(1_000));

    let world = World::new();
    let far = plumber(500, 60.0);
    world.add(&far);
    assert_eq!(base(&world, &preferring(&far)), listed, "outside the technician's radius");

    let world = World::new();
    let mut off = plumber(500, 1.0).into_record();
    off.technician.as_mut().unwrap().availability =
        Availability::on_weekdays(&[Weekday::Wed], "08:00".parse().unwrap(), "18:00".parse().unwrap());
    let off = User::from_record(off);
    world.add(&off);
    assert_eq!(base(&world, &preferring(&off)), listed, "not at work on a Tuesday");
    let wednesday = NewBooking { time_slot: slot(2, "10:00", "12:00"), ..preferring(&off) };
    assert_eq!(base(&world, &wednesday), kes(1_000));
    // Booked at the low rate and moved to a day on which that plumber does not work.
    let booking = world.request(&wednesday);
    let moved =
        run(world.bookings().move_slot(&world.customer.actor(), booking.id, &slot(1, "10:00", "12:00")));
    let moved = moved.unwrap();
    assert_eq!((moved.pricing.base_price, moved.priced_for), (listed, None));

    let world = World::new();
    let busy = plumber(500, 1.0);
    world.add(&busy);
    let first = world.request(&preferring(&busy));
    world.drive(first.id, Status::Accepted);
    assert_eq!(base(&world, &preferring(&busy)), listed, "busy with another job");
}

#[test]
fn offer_moved_to_another_technician_keeps_the_list_price() {
    let world = World::new();
    let cheap = plumber(500, 1.0);
    world.add(&cheap);
    let first = world.request(&preferring(&cheap));
    world.drive(first.id, Status::Accepted);
    let second = world.request(&preferring(&cheap));
    let offered = world.drive(second.id, Status::Assigned);
    assert_eq!((offered.technician, offered.priced_for), (Some(world.technician.id), None));
    // On another day the cheap plumber is free.
    let wednesday = slot(2, "10:00", "12:00");
    let moved = run(world.bookings().move_slot(&world.customer.actor(), second.id, &wednesday)).unwrap();
    assert_eq!((moved.technician, moved.priced_for), (Some(world.technician.id), None));
    assert_eq!(moved.pricing.base_price, second.pricing.base_price);
}

#[test]
fn job_at_a_low_own_rate_is_not_offered_to_others() {
    let (world, booking, _) = declined(500);
    let customer = world.customer.actor();
    let searched = run(world.bookings().find_technician(&Actor::System, booking.id)).unwrap();
    assert_eq!((searched.status, searched.technician), (Status::Matching, None));
    let why_not = run(world.bookings().why_not(&customer, booking.id, world.technician.id)).unwrap();
    assert_eq!(why_not, Some(Exclusion::PricedForAnother));
    let by_hand = run(world.bookings().assign(&customer, booking.id, world.technician.id));
    assert!(by_hand.as_ref().unwrap_err().to_string().contains("price list"), "{by_hand:?}");
    assert_refused(by_hand, Rule::NOT_ELIGIBLE);
    let by_staff = run(world.bookings().assign(&world.admin.actor(), booking.id, world.technician.id));
    assert_refused(by_staff, Rule::NOT_ELIGIBLE);
    for _ in 0..4 {
        world.pass(10);
        world.work();
    }
    let ended = world.load(booking.id);
    assert_eq!(ended.status, Status::Cancelled);
    let reason = &ended.cancellation.as_ref().unwrap().reason;
    assert!(reason.contains("others cost more"), "{reason}");
    assert!(ended.cancellation.as_ref().unwrap().fee.is_zero());
}

#[test]
fn the_customer_accepts_the_list_price_by_moving_the_booking_to_its_own_slot() {
    let (world, booking, _) = declined(500);
    let customer = world.customer.actor();
    let listed = base(&world, &request());
    let approved = booking.pricing.total;
    let own_slot = slot(1, "10:00", "12:00");
    let here = world.bookings().max_price(approved);
    assert_refused(run(here.move_slot(&customer, booking.id, &own_slot)), Rule::COSTS_MORE);
    let moved = run(world.bookings().move_slot(&customer, booking.id, &own_slot)).unwrap();
    assert_eq!((moved.pricing.base_price, moved.priced_for), (listed, None));
    let offered = world.drive(booking.id, Status::Assigned);
    assert_eq!(offered.technician, Some(world.technician.id));
    assert_eq!(offered.pricing, moved.pricing);
}

#[test]
fn others_are_offered_a_list_price_within_the_approved_price() {
    let (world, booking, _) = declined(3_000);
    let offered = world.drive(booking.id, Status::Assigned);
    assert_eq!((offered.technician, offered.priced_for), (Some(world.technician.id), None));
    assert_eq!(offered.pricing.base_price, base(&world, &request()));
    assert!(offered.pricing.total.amount() < booking.pricing.total.amount());
}
