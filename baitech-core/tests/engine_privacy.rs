//! Which parts of a booking each user can see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use baitech_core::{
    account::{Image, User},
    booking::{BookingStatus as Status, BookingView, DisputeCategory},
    kernel::{Actor, Rule},
};
use support::{World, assert_forbidden, assert_not_found, assert_refused, run};

#[test]
fn hidden_booking_is_stored_and_not_listed() {
    let world = World::new();
    let customer = world.customer.actor();
    let booking = world.book();
    assert_refused(run(world.bookings().hide(&world.admin.actor(), booking.id)), Rule::TRANSITION);
    run(world.bookings().cancel(&customer, booking.id, "no need")).unwrap();
    assert_forbidden(run(world.bookings().hide(&customer, booking.id)));
    run(world.bookings().hide(&world.support.actor(), booking.id)).unwrap();
    assert_eq!(world.booking_count(), 0);
    assert_eq!(world.load(booking.id).deleted_at, Some(world.now()));
    let found = run(world.bookings().get_by_number(&world.admin.actor(), &booking.number)).unwrap();
    assert_eq!(found.id, booking.id);
}

#[test]
fn each_party_writes_its_own_note_and_only_staff_read_the_staff_note() {
    let world = World::new();
    let id = world.book_until(Status::Accepted).id;
    for (actor, text) in
        [(&world.customer, "ring twice"), (&world.technician, "bring a ladder"), (&world.admin, "beware")]
    {
        run(world.bookings().note(&actor.actor(), id, text)).unwrap();
    }
    let notes = |actor: &User| run(world.bookings().view(&actor.actor(), id)).unwrap().record.notes;
    let text = |note: Option<baitech_core::kernel::Text<1000>>| note.map(|note| note.to_string());
    for actor in [&world.customer, &world.technician] {
        let notes = notes(actor);
        assert_eq!(text(notes.customer).as_deref(), Some("ring twice"));
        assert_eq!(text(notes.technician).as_deref(), Some("bring a ladder"));
        assert_eq!(text(notes.admin), None);
    }
    assert_eq!(text(notes(&world.support).admin).as_deref(), Some("beware"));
    assert_not_found(run(world.bookings().note(&world.stranger.actor(), id, "me too")));
    run(world.bookings().note(&world.customer.actor(), id, " ")).unwrap();
    assert_eq!(world.load(id).notes.customer, None);
}

#[test]
fn address_and_phone_are_shown_to_the_technician_who_accepted() {
    let world = World::new();
    let second = world.add_technician(2, 1.0);
    let id = world.book_until(Status::Assigned).id;
    let view = |actor: &User| run(world.bookings().view(&actor.actor(), id));
    let knows = |view: &BookingView| {
        let location = &view.record.location;
        let hidden =
            [location.address.is_none(), location.access_instructions.is_none(), location.point.is_none()];
        assert!(hidden.iter().all(|part| *part == hidden[0]), "{location:?}");
        !hidden[0]
    };
    for actor in [&world.admin, &world.support] {
        let seen = view(actor).unwrap();
        assert!(knows(&seen) && seen.customer_contact.is_some());
    }
    let own = view(&world.customer).unwrap();
    assert!(knows(&own) && own.customer_contact.is_none(), "users are not shown their own number");
    let offered = view(&world.technician).unwrap();
    assert!(!knows(&offered) && offered.customer_contact.is_none(), "an offer shows no address");
    assert!(view(&world.technician).unwrap().record.location.city.is_some());
    assert_not_found(view(&second));
    assert_not_found(view(&world.stranger));

    run(world.bookings().reject(&world.technician.actor(), id, "no")).unwrap();
    for status in [
        Status::Accepted,
        Status::EnRoute,
        Status::Arrived,
        Status::InProgress,
        Status::Completed,
        Status::PaymentPending,
        Status::Paid,
    ] {
        world.drive(id, status);
        let seen = view(&second).unwrap();
        assert!(knows(&seen), "{status}");
        assert_eq!(seen.customer_contact.unwrap().phone_number, world.customer.phone.to_string());
        let former = view(&world.technician).unwrap();
        assert!(
            !knows(&former) && former.customer_contact.is_none(),
            "a technician who declined has no access while it is {status}"
        );
        assert!(former.allowed.is_empty());
        assert_not_found(view(&world.stranger));
    }
    let text = serde_json::to_string(&view(&world.technician).unwrap()).unwrap();
    assert!(!text.contains("Moi Avenue") && !text.contains("gate's code") && !text.contains("+2547"));
}

#[test]
fn technician_who_declined_sees_only_the_original_offer() {
    let world = World::new();
    let (second, third) = (world.add_technician(2, 1.0), world.add_technician(3, 2.0));
    let mut request = support::request();
    request.images = vec![Image { url: "https://cdn.example.ke/tap.jpg".to_owned(), public_id: None }];
    request.notes = Some("The dog bites".to_owned());
    let id = world.request(&request).id;
    for technician in [&world.technician, &second] {
        assert_eq!(world.drive(id, Status::Assigned).technician, Some(technician.id));
        run(world.bookings().reject(&technician.actor(), id, "no")).unwrap();
    }
    world.drive(id, Status::Paid);
    let customer = world.customer.actor();
    run(world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
    let view = |actor: &Actor| run(world.bookings().view(actor, id)).unwrap();

    let steps = [Status::Pending, Status::Matching, Status::Assigned, Status::Rejected];
    let again = [Status::Matching, Status::Assigned, Status::Rejected];
    for (own, others, expected) in [
        (&world.technician, [&second, &third], steps.to_vec()),
        (&second, [&world.technician, &third], [&steps[..], &again].concat()),
    ] {
        let former = view(&own.actor());
        let history: Vec<_> = former.record.history.iter().map(|line| line.status).collect();
        assert_eq!(history, expected);
        assert_eq!(former.record.history.last().unwrap().changed_by, Some(own.id));
        assert_eq!(former.record.declined_by, [own.id]);
        assert_eq!((former.record.technician, &former.record.dispute), (None, &None));
        assert_eq!((former.record.payment.paid_at, former.record.actual.started_at), (None, None));
        let text = serde_json::to_string(&former).unwrap();
        for other in others {
            assert!(!text.contains(&other.id.to_string()), "{text}");
        }
        assert!(!text.contains("dog") && !text.contains("tap.jpg") && !text.contains("it drips"), "{text}");
    }

    // Only the technician who declined and staff can see who declined.
    let refused_by = |actor: &Actor| -> Vec<_> {
        let lines = view(actor).record.history.into_iter().filter(|line| line.status == Status::Rejected);
        lines.map(|line| line.changed_by).collect()
    };
    for actor in [customer, third.actor()] {
        assert_eq!(refused_by(&actor), [None, None]);
    }
    assert_eq!(refused_by(&world.support.actor()), [Some(world.technician.id), Some(second.id)]);
}
