//! The limits of the lists of a booking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use baitech_core::{
    account::Image,
    booking::{BookingStatus as Status, DisputeCategory},
    kernel::{Code, Rule},
};
use support::{World, assert_invalid, assert_refused, run, slot};

#[test]
fn each_party_submits_at_most_twenty_pieces_of_evidence() {
    let world = World::new();
    let id = world.book_until(Status::Paid).id;
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    run(world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
    let add = |actor, images| run(world.bookings().add_evidence(actor, id, "look", images));
    let image = Image { url: "https://cdn.example.ke/a.jpg".to_owned(), public_id: None };
    let bad = [
        (vec![image.clone(); 6], "images", Code::TooMany),
        (vec![Image { url: String::new(), ..image.clone() }], "images.0.url", Code::Required),
        (vec![Image { url: "u".repeat(501), ..image.clone() }], "images.0.url", Code::TooLong),
        (
            vec![Image { public_id: Some("p".repeat(201)), ..image.clone() }],
            "images.0.publicId",
            Code::TooLong,
        ),
    ];
    for (images, field, code) in bad {
        assert_invalid(add(&customer, images), &[(field, code)]);
    }
    for _ in 0..20 {
        add(&customer, vec![image.clone(); 5]).unwrap();
    }
    assert_invalid(add(&customer, Vec::new()), &[("evidence", Code::TooMany)]);
    let other_side = add(&technician, vec![image]).unwrap();
    assert_eq!(other_side.dispute.as_ref().unwrap().evidence.len(), 21);
}

#[test]
fn a_warranty_is_claimed_at_most_ten_times() {
    let world = World::new();
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    let id = world.book_until(Status::InProgress).id;
    run(world.bookings().offer_warranty(&technician, id, 365, None)).unwrap();
    world.drive(id, Status::Paid);
    let claim = || run(world.bookings().claim_warranty(&customer, id, &slot(40, "10:00", "11:00"), "again"));
    for _ in 0..10 {
        claim().unwrap();
    }
    let before = world.trace();
    assert_invalid(claim(), &[("warranty.claims", Code::TooMany)]);
    assert_eq!(world.trace(), before);
    assert_eq!(world.load(id).warranty.claims.len(), 10);
}

#[test]
fn work_pauses_at_most_a_hundred_times() {
    let world = World::new();
    let technician = world.technician.actor();
    let id = world.book_until(Status::InProgress).id;
    for _ in 0..100 {
        run(world.bookings().pause(&technician, id, None)).unwrap();
        assert_refused(run(world.bookings().pause(&technician, id, None)), Rule::TRANSITION);
        run(world.bookings().resume(&technician, id)).unwrap();
    }
    assert_invalid(run(world.bookings().pause(&technician, id, None)), &[("pauses", Code::TooMany)]);
    run(world.bookings().complete(&technician, id)).unwrap();
}
