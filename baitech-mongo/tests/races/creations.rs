//! Concurrent creations of bookings, and concurrent copies of one request.

use std::collections::HashSet;

use baitech_core::{
    account::Category,
    booking::{NewBooking, NewLocation, NewTimeSlot},
    kernel::{Error, Rule},
    store::{AggregateRef, IdempotencyKey, Put},
    testing::build,
    transaction::PaymentMethod,
};
use chrono::NaiveDate;

use crate::world::{World, at_once};

/// A plumbing job in the centre of Nairobi, tomorrow.
pub(crate) fn request() -> NewBooking {
    let place = NewLocation { coordinates: (36.8219, -1.2921), ..NewLocation::default() };
    let slot = NewTimeSlot::new(NaiveDate::from_ymd_opt(2026, 3, 3).unwrap(), "10:00", "12:00");
    let cash = PaymentMethod::Cash;
    NewBooking::new(Category::Plumbing, "tap repair", "The tap in the kitchen drips.", place, slot, cash)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_bookings_have_distinct_numbers() {
    let world = World::new().await;
    let mut numbers = HashSet::new();
    // Several customers, because of the limit of open requests.
    let customers: Vec<_> = (0..100).map(|n| build::customer(200 + n)).collect();
    world.store(customers.iter().cloned().map(|customer| Put::new(customer).into())).await;
    for round in 0..20 {
        let create = |n: usize| {
            let (bookings, customer) = (world.bookings(n), customers[(round * 50 + n) % 100].actor());
            async move { bookings.create(&customer, &request()).await }
        };
        for booking in at_once((0..50).map(create)).await {
            let booking = booking.expect("no creation is refused");
            assert!(numbers.insert(booking.number.clone()), "{} was given twice", booking.number);
        }
    }
    assert_eq!(numbers.len(), 1_000);
    assert_eq!(world.count("bookings").await, 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_requests_under_one_key_book_once() {
    let world = World::new().await;
    for round in 1..=10 {
        let key = IdempotencyKey::new(&format!("round-{round}")).unwrap();
        let create = |n| {
            let (bookings, customer) =
                (world.bookings(n).idempotency_key(key.clone()), world.customer.actor());
            async move { bookings.create(&customer, &request()).await }
        };
        let answers = at_once((0..50).map(create)).await;
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
        let ids: HashSet<_> = answers.iter().map(|answer| answer.id).collect();
        assert_eq!((answers.len(), ids.len()), (50, 1), "49 requests get the answer of the first");
        assert!(answers.iter().all(|answer| answer.value == answers[0].value));
        assert_eq!(world.count("bookings").await, round);
    }
    let events = world.events().await;
    let created: Vec<_> = events.iter().filter(|event| event.kind.name() == "booking.created").collect();
    let targets: HashSet<AggregateRef> = created.iter().filter_map(|event| event.aggregate()).collect();
    assert_eq!((created.len(), targets.len()), (10, 10), "one event per booking");

    let other = NewBooking { description: "The bath drips.".to_owned(), ..request() };
    let again = world.bookings(0).idempotency_key(IdempotencyKey::new("round-1").unwrap());
    let refused = again.create(&world.customer.actor(), &other).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused(no) if no.rule == Rule::IDEMPOTENCY_KEY_REUSED), "{refused:?}");
}
