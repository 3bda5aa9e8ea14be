//! The worker's report of failed work.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::{Arc, Mutex};

use baitech_core::{
    Marketplace, WorkDone, Worker,
    booking::BookingStatus,
    kernel::{Error, ManualClock, PageRequest, Rule},
    mock::MockStore,
    store::{AggregateRef, AttemptEnd, DueItem, DueWork, Lease, StoreError},
    testing::build,
};
use chrono::TimeDelta;
use futures::executor::block_on;
use support::{World, run};

/// Runs the worker on this many due bookings, on a store with the given behaviour.
fn work_on(bookings: u64, configure: impl FnOnce(&mut MockStore)) -> WorkDone {
    let now = build::start() + TimeDelta::hours(1);
    let mut batches = vec![(1..=bookings).map(|n| item(n, 0)).collect::<Vec<_>>()];
    let mut store = MockStore::new();
    store.due_work.expect_begin_due().returning(|item, lease| {
        let (attempts, leased_until) = (item.attempts + 1, lease.until());
        Ok(Some(DueItem { attempts, leased_until, ..*item }))
    });
    store.due_work.expect_end_due().returning(|_, _| Ok(true));
    store.due_work.expect_claim_due().returning(move |_, _, _| Ok(batches.pop().unwrap_or_default()));
    configure(&mut store);
    let clock = Arc::new(ManualClock::at(now));
    let worker = Marketplace::builder(Arc::new(store)).clock(clock).build().worker();
    block_on(worker.run_until_idle()).unwrap()
}

/// A due booking after this many attempts.
fn item(n: u64, attempts: u32) -> DueItem {
    let due_at = build::start();
    DueItem { target: target(n), due_at, leased_until: due_at, attempts }
}

fn target(n: u64) -> AggregateRef {
    build::booking(n, &build::customer(1), None, BookingStatus::Matching).id.into()
}

#[test]
fn failure_is_reported_with_its_reason() {
    let broken = target(2);
    let work = work_on(3, |store| {
        store.bookings.expect_load().returning(move |id| {
            if AggregateRef::from(id) == broken {
                return Err(StoreError::Corrupt {
                    collection: "bookings",
                    id: id.to_string(),
                    reason: "no status".to_owned(),
                });
            }
            Ok(None)
        });
    });
    assert_eq!((work.done, work.skipped, work.failed), (0, 2, 1));
    assert!(!work.is_idle());
    let [(failed, error)] = work.failures.as_slice() else { unreachable!("{:?}", work.failures) };
    assert_eq!(*failed, broken);
    assert!(matches!(error, Error::Corrupt { collection: "bookings", .. }), "{error:?}");
    assert!(error.to_string().contains("no status"), "{error}");
}

#[test]
fn all_failures_are_counted_and_the_first_are_reported() {
    let work = work_on(40, |store| {
        store.bookings.expect_load().returning(|_| Err(StoreError::Unavailable("gone".to_owned())));
    });
    assert_eq!((work.skipped, work.failed), (0, 40));
    let targets: Vec<_> = work.failures.iter().map(|(target, _)| *target).collect();
    let first: Vec<_> = (1..=40).map(target).take(WorkDone::MAX_FAILURES).collect();
    assert_eq!(targets, first);
}

#[test]
fn unprepared_store_is_reported_as_a_failure() {
    let work = work_on(1, |store| {
        let refusal = || StoreError::NotPrepared("run `baitech prepare`".into());
        store.bookings.expect_load().returning(move |_| Err(refusal()));
    });
    assert_eq!((work.done, work.skipped, work.failed), (0, 0, 1));
    let rules: Vec<_> = work.failures.iter().map(|(_, error)| Error::rule(error)).collect();
    assert_eq!(rules, [Some(Rule::NOT_PREPARED)]);
}

/// Attempts a booking whose load returns the given result. Returns how the worker ends the attempt in the
/// queue, if it does.
fn attempt(attempts_before: u32, load: Option<StoreError>) -> (WorkDone, Option<AttemptEnd>) {
    let ended = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&ended);
    let mut batches = vec![vec![item(1, attempts_before)]];
    let mut store = MockStore::new();
    store.due_work.expect_claim_due().returning(move |_, _, _| Ok(batches.pop().unwrap_or_default()));
    store
        .due_work
        .expect_begin_due()
        .returning(|item, _| Ok(Some(DueItem { attempts: item.attempts + 1, ..*item })));
    store.due_work.expect_end_due().returning(move |_, end| {
        *kept.lock().unwrap() = Some(end);
        Ok(true)
    });
    if let Some(error) = load {
        store.bookings.expect_load().returning(move |_| Err(error.clone()));
    }
    let clock = Arc::new(ManualClock::at(build::start()));
    let worker = Marketplace::builder(Arc::new(store)).clock(clock).build().worker();
    let work = block_on(worker.run_due(10)).unwrap();
    let end = ended.lock().unwrap().take();
    (work, end)
}

fn unavailable() -> Option<StoreError> {
    Some(StoreError::Unavailable("gone".to_owned()))
}

#[test]
fn failing_item_backs_off_and_is_set_aside() {
    let seconds = |attempts: u32| {
        let (work, end) = attempt(attempts, unavailable());
        assert_eq!((work.failed, work.set_aside), (1, 0));
        let Some(AttemptEnd::Retry { at }) = end else { panic!("{end:?}") };
        (at - build::start()).num_seconds()
    };
    for (attempts, longest) in [(0, 60), (1, 120), (4, 960), (9, 6 * 3_600), (22, 6 * 3_600)] {
        let waits = seconds(attempts);
        assert!(waits <= longest && waits >= longest * 3 / 4, "after attempt {}: {waits} s", attempts + 1);
    }
    let (work, end) = attempt(Worker::MAX_ATTEMPTS - 1, unavailable());
    assert_eq!((work.failed, work.set_aside), (1, 1));
    let Some(AttemptEnd::SetAside { at, reason }) = end else { panic!("{end:?}") };
    assert_eq!(at, build::start());
    assert!(reason.contains("gone"), "{reason}");
}

#[test]
fn unreadable_item_is_set_aside_at_once() {
    let corrupt =
        StoreError::Corrupt { collection: "bookings", id: "1".to_owned(), reason: "no status".to_owned() };
    let (work, end) = attempt(0, Some(corrupt));
    assert_eq!((work.failed, work.set_aside, work.failures.len()), (1, 1, 1));
    let Some(AttemptEnd::SetAside { reason, .. }) = end else { panic!("{end:?}") };
    assert!(reason.contains("no status"), "{reason}");
}

#[test]
fn item_that_crashes_the_process_is_set_aside() {
    // The mock expects no load, so a load would fail the test.
    let (work, end) = attempt(Worker::MAX_ATTEMPTS, None);
    assert_eq!((work.failed, work.set_aside), (1, 1));
    let Some(AttemptEnd::SetAside { reason, .. }) = end else { panic!("{end:?}") };
    assert!(reason.contains("process"), "{reason}");
}

#[test]
fn unprepared_store_does_not_count_as_an_attempt() {
    let (work, end) = attempt(Worker::MAX_ATTEMPTS - 1, Some(StoreError::NotPrepared("prepare it".into())));
    assert_eq!((work.failed, work.set_aside), (1, 0));
    assert_eq!(end, Some(AttemptEnd::Forgotten));
}

#[test]
fn item_taken_by_another_worker_is_skipped() {
    let mut batches = vec![vec![item(1, 0)]];
    let mut store = MockStore::new();
    store.due_work.expect_claim_due().returning(move |_, _, _| Ok(batches.pop().unwrap_or_default()));
    store.due_work.expect_begin_due().times(1).returning(|_, _| Ok(None));
    let worker = Marketplace::builder(Arc::new(store)).build().worker();
    let work = block_on(worker.run_due(10)).unwrap();
    assert_eq!((work.skipped, work.failed), (1, 0));
}

#[test]
fn malformed_change_is_not_an_outage() {
    let error = Error::from(StoreError::Malformed("two writes of one booking".into()));
    assert!(matches!(&error, Error::Internal { reason } if reason.contains("two writes")), "{error:?}");
}

/// A process that crashes within a batch has leased the whole batch.
#[test]
fn crash_does_not_use_up_attempts_of_later_items() {
    let world = World::new();
    let mut targets = [world.book().id, world.book().id].map(AggregateRef::from);
    // Both are due at the same moment, so they are processed in the order of their ids.
    targets.sort_unstable();
    let [first, second] = targets;
    for _ in 0..Worker::MAX_ATTEMPTS {
        let lease = Lease { now: world.now(), length: Worker::LEASE };
        let items = run(world.store.claim_due(baitech_core::kernel::Kind::ALL, lease, 10)).unwrap();
        assert_eq!(items.iter().map(|item| item.target).collect::<Vec<_>>(), [first, second]);
        run(world.store.begin_due(&items[0], lease)).unwrap().unwrap();
        world.clock.advance(Worker::LEASE);
    }
    let work = run(world.market.worker().run_due(10)).unwrap();
    assert_eq!((work.done, work.failed, work.set_aside), (1, 1, 1));
    let AggregateRef::Booking(id) = second else { unreachable!() };
    assert_eq!(world.load(id).status, BookingStatus::Assigned);

    let operations = world.market.operations();
    let list =
        || run(operations.list_set_aside(&world.admin.actor(), &PageRequest::default())).unwrap().items;
    let aside = list();
    assert_eq!(aside.len(), 1);
    assert_eq!((aside[0].target, aside[0].attempts), (first, Worker::MAX_ATTEMPTS + 1));
    support::assert_forbidden(
        run(operations.list_set_aside(&world.support.actor(), &PageRequest::default())),
    );
    support::assert_forbidden(run(operations.retry_set_aside(&world.customer.actor(), first)));
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(list().len(), 1, "it is not attempted");

    run(operations.retry_set_aside(&world.admin.actor(), first)).unwrap();
    run(operations.retry_set_aside(&world.admin.actor(), first)).unwrap();
    assert_eq!(list(), []);
    world.work();
    let AggregateRef::Booking(id) = first else { unreachable!() };
    assert_ne!(world.load(id).status, BookingStatus::Pending);
    let unknown = AggregateRef::Booking(baitech_core::kernel::Id::from_bytes([9; 12]));
    support::assert_not_found(run(operations.retry_set_aside(&world.admin.actor(), unknown)));
}
