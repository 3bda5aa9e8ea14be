//! A technician who declined a job sees the original offer and none of the later changes.

use baitech_core::{
    booking::{Booking, BookingStatus as Status, NewBooking},
    kernel::{Id, Rule},
};

use crate::support::{World, assert_forbidden, assert_refused, kes, request, run, slot};

/// A job that the first technician declined and a second technician could accept.
fn declined() -> (World, Id<Booking>) {
    let world = World::new();
    world.add_technician(2, 1.0);
    let id = world.book_until(Status::Assigned).id;
    run(world.bookings().reject(&world.technician.actor(), id, "no")).unwrap();
    (world, id)
}

#[test]
fn declined_offer_does_not_change_with_the_booking() {
    let (world, id) = declined();
    let view = || {
        let seen = run(world.bookings().view(&world.technician.actor(), id)).unwrap();
        serde_json::to_value(&seen).unwrap()
    };
    let offer = view();
    assert_eq!(
        (&offer["status"], &offer["pricing"]["totalAmount"]["amount"]),
        (&"rejected".into(), &"2738.00".into())
    );
    assert_eq!(offer["timeSlot"]["date"], "2026-03-03");
    world.pass(5);
    let longer = slot(4, "08:00", "12:00");
    let moved = run(world.bookings().move_slot(&world.customer.actor(), id, &longer)).unwrap();
    assert!(moved.pricing.total.amount() > kes(2_738).amount());
    assert_eq!(view(), offer);
    for status in [Status::Accepted, Status::InProgress, Status::Completed, Status::Paid] {
        world.pass(5);
        world.drive(id, status);
        assert_eq!(view(), offer, "while it is {status}");
    }
}

#[test]
fn errors_reveal_nothing_to_the_technician_who_declined() {
    let (world, id) = declined();
    let technician = world.technician.actor();
    let stale = world.load(id).version;
    let commands = || {
        let bookings = world.bookings();
        let mut errors = vec![
            run(bookings.accept(&technician, id)).unwrap_err().to_string(),
            run(bookings.en_route(&technician, id)).unwrap_err().to_string(),
            run(bookings.reject(&technician, id, "no")).unwrap_err().to_string(),
            run(bookings.cancel(&technician, id, "no")).unwrap_err().to_string(),
            run(bookings.find_technician(&technician, id)).unwrap_err().to_string(),
            run(bookings.assign(&technician, id, world.technician.id)).unwrap_err().to_string(),
            run(bookings.if_version(stale).accept(&technician, id)).unwrap_err().to_string(),
        ];
        let low = world.bookings().max_price(kes(1));
        errors.push(run(low.move_slot(&technician, id, &slot(5, "10:00", "12:00"))).unwrap_err().to_string());
        errors
    };
    let first = commands();
    world.drive(id, Status::Paid);
    assert_eq!(commands(), first);
    assert_forbidden(run(world.bookings().accept(&technician, id)));
    assert_forbidden(run(world.bookings().candidates(&technician, id, 3)));
}

#[test]
fn receipt_shows_customer_addresses_only_to_the_customer_and_staff() {
    let world = World::new();
    let id = world.book_until(Status::Paid).id;
    let payment = world.load(id).payment.transaction.unwrap();
    let receipt = |actor| run(world.market.payments().receipt(actor, payment)).unwrap();
    let (technician, customer, support) =
        (world.technician.actor(), world.customer.actor(), world.support.actor());
    let shown = receipt(&technician);
    let text = serde_json::to_string(&shown).unwrap();
    assert!(!text.contains(world.customer.email.as_str()) && !text.contains(world.customer.phone.as_str()));
    assert_eq!(shown.recipient.name, world.customer.full_name());
    for actor in [&customer, &support] {
        let text = serde_json::to_string(&receipt(actor)).unwrap();
        assert!(text.contains(world.customer.email.as_str()));
    }
}

#[test]
fn technician_can_decline_only_once() {
    let (world, id) = declined();
    assert_eq!(world.load(id).declined_offers.len(), 1);
    let second = NewBooking { time_slot: slot(2, "10:00", "12:00"), ..request() };
    let other = world.request(&second);
    assert_refused(run(world.bookings().reject(&world.customer.actor(), other.id, "no")), Rule::TRANSITION);
}
