//! What a worker tells of work that came to nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use baitech_core::{
    Marketplace, WorkDone,
    booking::BookingStatus,
    kernel::{Error, ManualClock, Rule},
    mock::MockStore,
    store::{AggregateRef, DueItem, StoreError},
    testing::build,
};
use chrono::TimeDelta;
use futures::executor::block_on;

/// Works on so many bookings that are due, on a store that behaves as told.
fn work_on(bookings: u64, configure: impl FnOnce(&mut MockStore)) -> WorkDone {
    let now = build::start() + TimeDelta::hours(1);
    let mut batches = vec![
        (1..=bookings).map(|n| DueItem { target: target(n), due_at: build::start() }).collect::<Vec<_>>(),
    ];
    let mut store = MockStore::new();
    store.due_work.expect_claim_due().returning(move |_, _| Ok(batches.pop().unwrap_or_default()));
    configure(&mut store);
    let clock = Arc::new(ManualClock::at(now));
    let worker = Marketplace::builder(Arc::new(store)).clock(clock).build().worker();
    block_on(worker.run_until_idle()).unwrap()
}

fn target(n: u64) -> AggregateRef {
    build::booking(n, &build::customer(1), None, BookingStatus::Matching).id.into()
}

#[test]
fn what_fails_is_told_with_its_reason() {
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
fn many_failures_are_counted_and_the_first_are_told() {
    let work = work_on(40, |store| {
        store.bookings.expect_load().returning(|_| Err(StoreError::Unavailable("gone".to_owned())));
    });
    assert_eq!((work.skipped, work.failed), (0, 40));
    let told: Vec<_> = work.failures.iter().map(|(target, _)| *target).collect();
    let first: Vec<_> = (1..=40).map(target).take(WorkDone::MAX_FAILURES).collect();
    assert_eq!(told, first);
}

#[test]
fn a_store_that_must_be_prepared_is_a_failure_and_no_refusal() {
    let work = work_on(1, |store| {
        let refusal = || StoreError::NotPrepared("run `baitech prepare`".into());
        store.bookings.expect_load().returning(move |_| Err(refusal()));
    });
    assert_eq!((work.done, work.skipped, work.failed), (0, 0, 1));
    let rules: Vec<_> = work.failures.iter().map(|(_, error)| Error::rule(error)).collect();
    assert_eq!(rules, [Some(Rule::NotPrepared)]);
}
