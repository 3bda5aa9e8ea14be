//! Concurrently accepted jobs of a technician never overlap.

use std::sync::atomic::{AtomicU64, Ordering};

use baitech_core::{
    booking::{Booking, BookingStatus},
    kernel::Rule,
    schedule::TimeSlot,
};
use chrono::{DateTime, Utc};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::{runtime::Handle, task::block_in_place};

use crate::world::{World, at_once, claims_of, offer, put, slot};

/// Slots of one day from 8:00 to 13:00, so that most overlap, touch, or leave less than the travel time
/// between them.
fn slots() -> impl Strategy<Value = Vec<(u16, u16)>> {
    prop::collection::vec((32..48_u16, 1..5_u16), 2..=8)
}

/// The time from the start of the job to the end of the travel time after it.
fn taken(slot: &TimeSlot) -> (DateTime<Utc>, DateTime<Utc>) {
    (slot.starts_at(), slot.ends_at() + TimeSlot::TRAVEL)
}

fn overlap(one: &TimeSlot, other: &TimeSlot) -> bool {
    let (one, other) = (taken(one), taken(other));
    one.0 < other.1 && other.0 < one.1
}

async fn accept_all(world: &World, n: u64, slots: &[(u16, u16)]) -> Result<(), TestCaseError> {
    let technician = world.technician(n + 1).await;
    let offer = |(k, (from, length)): (u64, &(u16, u16))| {
        offer(n * 10 + k, (&technician, &world.customer), slot(1, *from, from + length))
    };
    let offers: Vec<Booking> = (0..).zip(slots).map(offer).collect();
    world.store(offers.iter().map(put)).await;
    let accept = |(k, offer): (usize, &Booking)| {
        let (bookings, technician, id) = (world.bookings(k), technician.actor(), offer.id);
        async move { bookings.accept(&technician, id).await }
    };
    let answers = at_once(offers.iter().enumerate().map(accept)).await;
    let (accepted, refused): (Vec<_>, Vec<_>) =
        offers.iter().zip(answers).partition(|(_, answer)| answer.is_ok());
    for (k, (one, _)) in accepted.iter().enumerate() {
        for (other, _) in &accepted[..k] {
            prop_assert!(!overlap(&one.slot, &other.slot), "{:?} and {:?}", one.slot, other.slot);
        }
    }
    for (job, answer) in refused {
        let error = answer.unwrap_err();
        prop_assert_eq!(error.rule(), Some(Rule::TIME_SLOT_TAKEN), "{:?}", error);
        let in_the_way = accepted.iter().any(|(winner, _)| overlap(&winner.slot, &job.slot));
        prop_assert!(in_the_way, "no accepted job overlaps {:?}", job.slot);
        prop_assert_eq!(world.load(job.id).await.status, BookingStatus::Assigned);
    }
    let mut expected: Vec<_> = accepted.iter().flat_map(|(winner, _)| claims_of(winner)).collect();
    expected.sort();
    let keys: Vec<_> = offers.iter().flat_map(|offer| offer.slot.claim_keys(technician.id)).collect();
    prop_assert_eq!(world.held(&keys).await, expected, "the claims are those of the accepted jobs");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepted_jobs_never_overlap() {
    let world = World::new().await;
    let count = AtomicU64::new(0);
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let case = |slots: Vec<(u16, u16)>| {
        let n = count.fetch_add(1, Ordering::Relaxed);
        block_in_place(|| Handle::current().block_on(accept_all(&world, n, &slots)))
    };
    TestRunner::new(config).run(&slots(), case).unwrap();
}
