//! Bookings that create further bookings: series and warranties.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use baitech_core::{
    booking::{Booking, BookingEvent, BookingFilter, BookingStatus as Status, NewBooking, ReminderKind},
    kernel::{Actor, Id, PageRequest, Rule},
    store::{AggregateRef, EventKind},
    testing::build,
};
use support::{World, assert_forbidden, assert_refused, request, run, slot};

fn all(world: &World) -> Vec<Id<Booking>> {
    let (bookings, filter, page) = (world.bookings(), BookingFilter::default(), PageRequest::default());
    let mut bookings = run(bookings.list(&Actor::System, &filter, &page)).unwrap().items;
    bookings.sort_by(|a, b| a.number.cmp(&b.number));
    bookings.into_iter().map(|booking| booking.id).collect()
}

fn confirmations(world: &World, id: Id<Booking>) -> usize {
    let confirmation =
        EventKind::Booking(BookingEvent::BookingReminder { reminder: ReminderKind::BookingConfirmation });
    let events = world.events();
    let of_booking = events.iter().filter(|event| event.aggregate() == Some(AggregateRef::Booking(id)));
    of_booking.filter(|event| event.kind == confirmation).count()
}

#[test]
fn next_booking_of_a_series_is_created_at_the_hour_of_the_job() {
    let world = World::new();
    let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=4".to_owned()), ..request() };
    let first = world.request(&weekly);
    world.work();
    assert_eq!(all(&world).len(), 2, "a week ahead is within the 14 days for which bookings are created");
    let second = world.load(all(&world)[1]);
    assert_eq!((second.slot.start, second.recurring_parent), (first.slot.start, Some(first.id)));

    // The third booking is exactly 14 days after the first.
    world.clock.set(first.slot.starts_at() - chrono::TimeDelta::milliseconds(1));
    world.work();
    assert_eq!(all(&world).len(), 2);
    world.clock.set(first.slot.starts_at());
    world.work();
    let bookings = all(&world);
    assert_eq!(bookings.len(), 3);
    assert_eq!(world.load(bookings[2]).slot.starts_at() - world.now(), chrono::TimeDelta::days(14));
}

#[test]
fn rescheduling_the_first_booking_keeps_the_days_of_the_series() {
    let world = World::new();
    let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=4".to_owned()), ..request() };
    let first = world.request(&weekly);
    let moved = slot(2, "13:00", "15:00");
    let first = run(world.bookings().move_slot(&world.customer.actor(), first.id, &moved)).unwrap();
    assert_eq!(first.slot.date.to_string(), "2026-03-04");
    for _ in 0..4 {
        world.work();
        world.clock.advance(chrono::TimeDelta::days(7));
    }
    let slots: Vec<_> = all(&world).into_iter().skip(1).map(|id| world.load(id).slot).collect();
    let days: Vec<_> = slots.iter().map(|slot| slot.date.to_string()).collect();
    assert_eq!(days, ["2026-03-10", "2026-03-17", "2026-03-24"]);
    assert!(slots.iter().all(|slot| slot.start == first.slot.start), "the hours follow the first booking");
}

#[test]
fn only_the_customer_or_staff_end_a_series() {
    for is_staff in [false, true] {
        let world = World::new();
        let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=4".to_owned()), ..request() };
        let first = world.request(&weekly);
        let actor = if is_staff { world.support.actor() } else { world.customer.actor() };
        world.drive(first.id, Status::Accepted);
        assert_forbidden(run(world.bookings().end_series(&world.technician.actor(), first.id)));
        run(world.bookings().end_series(&actor, first.id)).unwrap();
        assert!(world.happened_to(first.id).contains(&BookingEvent::BookingSeriesEnded));
        assert_refused(run(world.bookings().end_series(&actor, first.id)), Rule::ALREADY_DECIDED);
        world.clock.advance(chrono::TimeDelta::days(30));
        world.work();
        assert_eq!(all(&world), [first.id], "existing bookings remain and no further ones follow");
    }
}

#[test]
fn only_a_cancellation_by_customer_or_staff_ends_a_series() {
    for (canceller, bookings) in [("customer", 1), ("staff", 1), ("technician", 2), ("system", 2)] {
        let world = World::new();
        let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=2".to_owned()), ..request() };
        let first = world.request(&weekly);
        world.drive(first.id, Status::Accepted);
        let actor = match canceller {
            "customer" => world.customer.actor(),
            "staff" => world.admin.actor(),
            "technician" => world.technician.actor(),
            _ => Actor::System,
        };
        run(world.bookings().cancel(&actor, first.id, "the day does not suit")).unwrap();
        world.work();
        assert_eq!(all(&world).len(), bookings, "by {canceller}");
        let ended = world.happened_to(first.id).contains(&BookingEvent::BookingSeriesEnded);
        assert_eq!(ended, bookings == 1, "by {canceller}");
    }
}

#[test]
fn series_continues_when_its_first_booking_is_hidden() {
    let world = World::new();
    let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=2".to_owned()), ..request() };
    let first = world.request(&weekly);
    world.drive(first.id, Status::Accepted);
    run(world.bookings().cancel(&Actor::System, first.id, "not paid")).unwrap();
    run(world.bookings().hide(&world.admin.actor(), first.id)).unwrap();
    world.work();
    let others = all(&world);
    assert_eq!(others.len(), 1);
    assert_eq!(world.load(others[0]).recurring_parent, Some(first.id));
}

#[test]
fn booking_created_by_another_is_confirmed_once() {
    let world = World::new();
    let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=2".to_owned()), ..request() };
    let first = world.request(&weekly);
    world.work();
    let second = all(&world)[1];
    assert_eq!((confirmations(&world, first.id), confirmations(&world, second)), (1, 1));

    let job = world.drive(first.id, Status::InProgress);
    let technician = world.technician.actor();
    run(world.bookings().offer_warranty(&technician, job.id, 30, None)).unwrap();
    world.drive(job.id, Status::Paid);
    let mut slot = request().time_slot;
    slot.date = slot.date.succ_opt().unwrap();
    let customer = world.customer.actor();
    let claimed = run(world.bookings().claim_warranty(&customer, job.id, &slot, "it drips")).unwrap();
    assert_eq!(claimed.status, Status::Pending);
    assert_eq!(confirmations(&world, claimed.id), 1);
}

#[test]
fn next_booking_of_a_series_stays_within_the_approved_price() {
    let world = World::new();
    let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=3".to_owned()), ..request() };
    let first = world.request(&weekly);
    // Many customers request a plumber at once.
    for n in 10..20 {
        let other = build::customer(n);
        world.add(&other);
        run(world.bookings().create(&other.actor(), &request())).unwrap();
    }
    world.clock.advance(chrono::TimeDelta::minutes(1));
    let surged = world.request(&request());
    assert!(surged.pricing.total.amount() > first.pricing.total.amount(), "demand raises a new price");
    world.work();
    let bookings: Vec<_> = all(&world).into_iter().map(|id| world.load(id)).collect();
    let next: Vec<_> = bookings.iter().filter(|booking| booking.recurring_parent == Some(first.id)).collect();
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].pricing, first.pricing);
}
