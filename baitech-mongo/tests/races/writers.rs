//! Many concurrent writers of one booking.

use std::collections::HashSet;

use baitech_core::{
    account::User,
    booking::{Booking, BookingStatus, DisputeCategory},
    kernel::Role,
    store::Put,
    testing::build,
};

use crate::world::{World, at_once};

const WRITERS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_checkpoints_are_all_stored() {
    let world = World::new().await;
    let technician = world.technician(1).await;
    let support = User::from_record(build::user(Role::Support, 1));
    world.store([Put::new(support.clone()).into()]).await;
    for round in 0..3 {
        let booking = Booking::from_record(world.booking(round, &technician, BookingStatus::InProgress));
        world.store([Put::new(booking.clone()).into()]).await;
        let write = |n: usize| {
            let bookings = world.bookings(n);
            let actor = if n.is_multiple_of(3) { support.actor() } else { technician.actor() };
            let id = booking.id;
            async move { bookings.add_checkpoint(&actor, id, &format!("look {n}"), true, None).await }
        };
        let written = at_once((0..WRITERS).map(write)).await;
        let versions: HashSet<_> = written.into_iter().map(|booking| booking.unwrap().version).collect();
        assert_eq!(versions.len(), WRITERS, "each write has its own version");
        let end = world.load(booking.id).await;
        assert_eq!(end.version.get(), 50, "the versions are consecutive");
        let names: HashSet<_> = end.quality.checkpoints.iter().map(|look| look.name.as_str()).collect();
        assert_eq!(names.len(), WRITERS, "no write was overwritten");
        assert!(end.quality.checkpoints.is_sorted_by_key(|look| look.checked_at));
    }
    assert_eq!(world.events().await.len(), 3 * WRITERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_evidence_of_both_parties_and_staff_is_stored() {
    let world = World::new().await;
    let technician = world.technician(1).await;
    let mut record = world.booking(1, &technician, BookingStatus::Completed);
    record.actual.ended_at = Some(build::start());
    let id = record.id;
    world.store([Put::new(Booking::from_record(record)).into()]).await;
    let customer = world.customer.actor();
    let support = User::from_record(build::user(Role::Support, 1));
    world.store([Put::new(support.clone()).into()]).await;
    let opened =
        world.bookings(0).dispute(&customer, id, DisputeCategory::Quality, "it drips still").await.unwrap();
    let say = |n: usize| {
        let bookings = world.bookings(n);
        // Each of the three may submit twenty pieces of evidence.
        let actor = match n % 3 {
            0 => customer,
            1 => technician.actor(),
            _ => support.actor(),
        };
        async move { bookings.add_evidence(&actor, id, &format!("word {n}"), Vec::new()).await }
    };
    for said in at_once((0..WRITERS).map(say)).await {
        said.unwrap();
    }
    let end = world.load(id).await;
    assert_eq!(end.version.get(), opened.version.get() + 50);
    let evidence = &end.dispute.as_ref().unwrap().evidence;
    let texts: HashSet<_> = evidence.iter().map(|evidence| evidence.text.as_str()).collect();
    assert_eq!(texts.len(), WRITERS);
}
