//! A technician accepts a booking while the customer cancels it.

use baitech_core::{
    account::User,
    booking::{Booking, BookingStatus as Status, Bookings},
    kernel::{Current, Error, Id, Result},
    store::Stored,
};
use futures::future::join_all;

use crate::world::{World, offer, put, slot};

const TECHNICIANS: u64 = 8;
const ROUNDS: u64 = 125;

/// A technician, a customer, their offered bookings, and for each whether the cancellation is sent first.
async fn offers(world: &World, lane: u64) -> ((User, User), Vec<(Booking, bool)>) {
    let (technician, customer) = world.pair(lane + 1).await;
    let offer = |round| offer(lane * ROUNDS + round, (&technician, &customer), slot(1 + round, 40, 48));
    let offers: Vec<Booking> = (0..ROUNDS).map(offer).collect();
    world.store(offers.iter().map(put)).await;
    ((technician, customer), offers.into_iter().zip([true, false].into_iter().cycle()).collect())
}

/// The results of the technician and the customer, who use separate connections.
async fn accept_and_cancel(
    [accepting, cancelling]: [Bookings; 2],
    (technician, customer): (&User, &User),
    id: Id<Booking>,
    cancel_first: bool,
) -> [Result<Stored<Booking>>; 2] {
    let (technician, customer) = (technician.actor(), customer.actor());
    let accept = async move { accepting.accept(&technician, id).await };
    let cancel = async move { cancelling.cancel(&customer, id, "no need").await };
    let (accepted, cancelled) = if cancel_first {
        let cancelled = tokio::spawn(cancel);
        (tokio::spawn(accept), cancelled)
    } else {
        (tokio::spawn(accept), tokio::spawn(cancel))
    };
    [accepted.await.unwrap(), cancelled.await.unwrap()]
}

async fn assert_no_claim_remains(world: &World, offer: &Booking) {
    assert_eq!(world.held(&offer.slot.claim_keys(offer.technician.unwrap())).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_two_commands_on_one_version_takes_effect() {
    let world = World::new().await;
    let lane = async |lane| {
        let ((technician, customer), offers) = offers(&world, lane).await;
        let mut accepted_ones = 0;
        for (offer, cancel_first) in offers {
            let seen = world.load(offer.id).await.version;
            let pinned = [0, 1].map(|n| world.bookings(n).if_version(seen));
            let people = (&technician, &customer);
            let answers = accept_and_cancel(pinned, people, offer.id, cancel_first).await;
            let end = world.load(offer.id).await;
            assert_eq!(end.version, seen.next(), "exactly one of them takes effect");
            let expected = if answers[0].is_ok() { Status::Accepted } else { Status::Cancelled };
            assert_eq!(end.status, expected);
            accepted_ones += u32::from(answers[0].is_ok());
            match answers {
                [Ok(done), Err(Error::Conflict(Current::Booking(current)))]
                | [Err(Error::Conflict(Current::Booking(current))), Ok(done)] => {
                    assert_eq!((done.version, &done.value), (end.version, &end.value));
                    assert_eq!((current.version, &current.value), (end.version, &end.value));
                }
                other => {
                    panic!("expected one success and one conflict with the current booking, got {other:?}")
                }
            }
            if end.status == Status::Cancelled {
                assert_no_claim_remains(&world, &offer).await;
            }
        }
        accepted_ones
    };
    let accepted: u32 = join_all((0..TECHNICIANS).map(lane)).await.into_iter().sum();
    println!("with a version: the acceptance won {accepted} of {} times", TECHNICIANS * ROUNDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retried_cancellation_always_ends_the_booking_and_frees_the_slot() {
    let world = World::new().await;
    let lane = async |lane| {
        let ((technician, customer), offers) = offers(&world, lane).await;
        let mut accepted_ones = 0;
        for (offer, cancel_first) in offers {
            let asked = [0, 1].map(|n| world.bookings(n));
            let people = (&technician, &customer);
            let [accepted, cancelled] = accept_and_cancel(asked, people, offer.id, cancel_first).await;
            match cancelled {
                Ok(_) => {}
                // The booking was already accepted, so the cancellation may cost a fee: the customer reads it
                // and repeats the request.
                Err(Error::Conflict(Current::Booking(current))) => {
                    assert_eq!(current.status, Status::Accepted);
                    let again = world.bookings(1).if_version(current.version);
                    again.cancel(&customer.actor(), offer.id, "no need").await.unwrap();
                }
                Err(other) => panic!("expected a cancellation or a conflict, got {other:?}"),
            }
            let end = world.load(offer.id).await;
            let way: Vec<_> = end.history.iter().skip(2).map(|change| change.status).collect();
            match accepted {
                Ok(_) => assert_eq!(way, [Status::Assigned, Status::Accepted, Status::Cancelled]),
                Err(Error::Conflict(_) | Error::Refused(_)) => {
                    assert_eq!(way, [Status::Assigned, Status::Cancelled]);
                }
                Err(other) => panic!("expected an acceptance or a refusal, got {other:?}"),
            }
            assert_no_claim_remains(&world, &offer).await;
            accepted_ones += u32::from(way.len() == 3);
        }
        accepted_ones
    };
    let accepted: u32 = join_all((0..TECHNICIANS).map(lane)).await.into_iter().sum();
    println!(
        "without a version: accepted before the cancellation {accepted} of {} times",
        TECHNICIANS * ROUNDS
    );
}
