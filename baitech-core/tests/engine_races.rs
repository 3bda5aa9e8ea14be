//! Races between threads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;

use baitech_core::{
    booking::{Booking, BookingStatus as Status},
    kernel::{Current, Error, Id, Result, Rule, Unique},
    store::{AggregateRef, ChangeSet, Commit, IdempotencyKey, Put, StoreError, Stored},
};
use support::{World, at_once, run, slot};

#[test]
fn concurrent_bookings_have_distinct_numbers() {
    let world = World::new();
    let mut numbers = HashSet::new();
    for _ in 0..20 {
        for booking in at_once(50, |_| world.book()) {
            assert!(numbers.insert(booking.number.clone()), "{} was given twice", booking.number);
        }
    }
    assert_eq!(numbers.len(), 1_000);
}

#[test]
fn concurrent_writers_of_one_booking_all_succeed() {
    let world = World::new();
    for _ in 0..5 {
        let before = world.book_until(Status::InProgress);
        let technician = world.technician.actor();
        let written: Vec<Result<Stored<Booking>>> = at_once(50, |n| {
            run(world.bookings().add_checkpoint(&technician, before.id, &format!("look {n}"), true, None))
        });
        let versions: HashSet<_> = written.into_iter().map(|booking| booking.unwrap().version).collect();
        assert_eq!(versions.len(), 50, "each writer gets its own version");
        let after = world.load(before.id);
        assert_eq!(after.version.get(), before.version.get() + 50);
        let names: HashSet<_> = after.quality.checkpoints.iter().map(|c| c.name.to_string()).collect();
        assert_eq!(names.len(), 50, "nothing was overwritten");
        world.drive(before.id, Status::Completed);
    }
}

#[test]
fn concurrent_acceptance_and_cancellation_have_one_of_two_outcomes() {
    let world = World::new();
    for _ in 0..500 {
        let booking = world.book_until(Status::Assigned);
        let keys = booking.slot.claim_keys(world.technician.id);
        let mut answers = at_once(2, |n| match n {
            0 => run(world.bookings().accept(&world.technician.actor(), booking.id)),
            _ => run(world.bookings().cancel(&world.customer.actor(), booking.id, "no need")),
        });
        let cancelled = answers.pop().unwrap();
        let accepted = answers.pop().unwrap();
        let end = world.load(booking.id);
        let way: Vec<_> = end.history.iter().skip(2).map(|change| change.status).collect();
        match (accepted.is_ok(), cancelled.is_ok()) {
            (true, true) => assert_eq!(way, [Status::Assigned, Status::Accepted, Status::Cancelled]),
            (false, true) => assert_eq!(way, [Status::Assigned, Status::Cancelled]),
            // The cancellation found `accepted` instead of `assigned`. That may cost a fee, so the customer
            // confirms it.
            (true, false) => {
                assert!(matches!(cancelled, Err(Error::Conflict(_))), "{cancelled:?}");
                assert_eq!(way, [Status::Assigned, Status::Accepted]);
                run(world.bookings().cancel(&world.customer.actor(), booking.id, "no need")).unwrap();
            }
            (false, false) => panic!("one of them takes effect: {accepted:?}, {cancelled:?}"),
        }
        assert_eq!(world.held(&keys), [], "no claim remains");
    }
}

#[test]
fn only_one_of_two_commands_on_one_version_takes_effect() {
    let world = World::new();
    for _ in 0..500 {
        let booking = world.book_until(Status::Assigned);
        let answers = at_once(2, |n| {
            let here = world.bookings().if_version(booking.version);
            match n {
                0 => run(here.accept(&world.technician.actor(), booking.id)),
                _ => run(here.cancel(&world.customer.actor(), booking.id, "no need")),
            }
        });
        let end = world.load(booking.id);
        assert_eq!(end.version, booking.version.next());
        let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(done.len(), 1);
        let Some(Err(Error::Conflict(Current::Booking(current)))) = refused.into_iter().next() else {
            panic!("the other command gets the current booking");
        };
        assert_eq!((current.version, &current.value), (end.version, &end.value));
        if end.status == Status::Accepted {
            run(world.bookings().cancel(&world.customer.actor(), booking.id, "no need")).unwrap();
        }
    }
}

#[test]
fn technician_cannot_accept_overlapping_jobs() {
    let world = World::new();
    let technician = world.technician.actor();
    let (mut first, mut second) = (0, 0);
    for _ in 0..1_000 {
        // The second job begins within the travel time after the first.
        let jobs = [("10:00", "12:00"), ("12:15", "13:00")].map(|(from, to)| {
            let mut request = support::request();
            request.time_slot = slot(1, from, to);
            let id = world.request(&request).id;
            world.drive(id, Status::Assigned)
        });
        let answers = at_once(2, |n| run(world.bookings().accept(&technician, jobs[n].id)));
        let won: Vec<_> = (0..2).filter(|n| answers[*n].is_ok()).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        let lost = 1 - won[0];
        support::assert_refused(answers.into_iter().nth(lost).unwrap(), Rule::TIME_SLOT_TAKEN);
        assert_eq!(world.load(jobs[lost].id).version, jobs[lost].version, "nothing was stored");

        let winner: Id<Booking> = jobs[won[0]].id;
        let keys = jobs[won[0]].slot.claim_keys(world.technician.id);
        let held = world.held(&keys);
        assert_eq!(held.len(), keys.len());
        assert!(held.iter().all(|(_, holder)| *holder == AggregateRef::Booking(winner)));
        for job in &jobs {
            run(world.bookings().cancel(&technician, job.id, "no need")).unwrap();
        }
        assert_eq!(world.held(&keys), []);
        if won[0] == 0 { first += 1 } else { second += 1 }
    }
    println!("the first job won {first} times, the second {second} times");
}

#[test]
fn fifty_concurrent_copies_of_a_request_book_once() {
    let world = World::new();
    for round in 0..10_usize {
        let key = IdempotencyKey::new(&format!("round-{round}")).unwrap();
        let customer = world.customer.actor();
        let answers = at_once(50, |_| {
            run(world.bookings().idempotency_key(key.clone()).create(&customer, &support::request()))
        });
        let ids: HashSet<_> = answers.into_iter().map(|answer| answer.unwrap().id).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(world.booking_count(), round + 1);
    }
    let created = world.events().into_iter().filter(|event| event.kind.name() == "booking.created");
    assert_eq!(created.count(), 10);
}

#[test]
fn fifty_concurrent_confirmations_book_one_payment() {
    let world = World::new();
    let booking = world.book_until(Status::PaymentPending);
    let key = IdempotencyKey::new("paid").unwrap();
    let technician = world.technician.actor();
    let answers = at_once(50, |_| {
        run(world.bookings().idempotency_key(key.clone()).confirm_cash(&technician, booking.id))
    });
    for answer in answers {
        assert_eq!(answer.unwrap().status, Status::Paid);
    }
    assert_eq!(world.money_entries().len(), 1);
    assert_eq!(world.load(booking.id).version, booking.version.next());
}

#[test]
fn taken_number_is_drawn_again() {
    let world = World::new();
    // An import has taken numbers, while the counters start at the beginning.
    let first = world.book();
    let number = |n: u64| first.number.as_str().replace("000001", &format!("{n:06}"));
    for n in 2..5 {
        let mut copy = first.value.clone().into_record();
        copy.id = Id::from_bytes([u8::try_from(n).unwrap(); 12]);
        copy.number = number(n).parse().unwrap();
        let changes = ChangeSet::new().write(Put::new(Booking::from_record(copy)));
        let _ = run(world.store.commit(changes)).unwrap();
    }
    assert_eq!(world.book().number.as_str(), number(5));
}

#[test]
fn duplicate_error_names_the_unique_field() {
    let collision = |field| Error::from(StoreError::Duplicate { field });
    for (field, unique) in [
        ("bookingNumber", Unique::BookingNumber),
        ("transactionNumber", Unique::TransactionNumber),
        ("gatewayReference", Unique::ProviderReference),
    ] {
        let error = collision(field);
        assert!(matches!(error, Error::Duplicate(found) if found == unique), "{error:?}");
        assert!(!error.to_string().contains("user"), "{error}");
    }
    for field in ["email", "phoneNumber", "username"] {
        let Error::Invalid(violations) = collision(field) else { panic!("{field}") };
        assert_eq!(violations.iter().next().unwrap().field, field);
    }
}
