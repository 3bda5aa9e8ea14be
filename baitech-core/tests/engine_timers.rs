//! Due tasks, exact to the minute, with workers that race, crash or run days late.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::{sync::Arc, thread};

use baitech_core::{
    account::{Category, User},
    booking::{
        Booking, BookingEvent, BookingPolicy, BookingStatus as Status, CancellationCause, DisputeCategory,
        NewBooking, ReminderKind,
    },
    kernel::Rule,
    payment::{Capabilities, PaymentGateway},
    store::{AggregateRef, ChangeSet, Commit, DueWork, IdempotencyKey, Lease, Put},
    testing::build,
    transaction::{PaymentMethod, PaymentTiming},
};
use chrono::TimeDelta;
use support::{World, assert_refused, run, slot};

/// A provider for payment at acceptance that never reports a payment.
#[derive(Debug)]
struct Silent;

#[async_trait::async_trait]
impl PaymentGateway for Silent {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Mpesa
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { ledger_only: false, ..Capabilities::of_ledger(PaymentTiming::AtAcceptance) }
    }
}

#[test]
fn offer_expires_after_fifteen_minutes_and_goes_to_the_next_technician() {
    let world = World::new();
    let second = world.add_technician(2, 2.0);
    let id = world.book().id;
    world.work();
    assert_eq!(world.load(id).technician, Some(world.technician.id));

    world.clock.advance(TimeDelta::minutes(15) - TimeDelta::milliseconds(1));
    assert!(world.work().is_idle(), "one millisecond before the expiry");
    world.clock.advance(TimeDelta::milliseconds(1));
    world.work();
    let booking = world.load(id);
    assert_eq!((booking.status, booking.technician), (Status::Assigned, Some(second.id)));
    assert_eq!(booking.declined_by, [world.technician.id]);
    let way: Vec<_> = booking.history.iter().map(|line| (line.status, line.changed_by)).collect();
    assert_eq!(way[3..], [(Status::Rejected, None), (Status::Matching, None), (Status::Assigned, None)]);

    world.pass(15);
    world.work();
    let booking = world.load(id);
    assert_eq!(booking.status, Status::Matching, "every technician has declined");
    assert_eq!(booking.declined_by, [world.technician.id, second.id]);
    support::assert_not_found(run(world.bookings().accept(&world.stranger.actor(), id)));
    support::assert_forbidden(run(world.bookings().accept(&world.technician.actor(), id)));
}

#[test]
fn technician_who_declined_is_not_offered_the_job_again_even_by_hand() {
    let world = World::new();
    let id = world.book_until(Status::Assigned).id;
    run(world.bookings().reject(&world.technician.actor(), id, "too far")).unwrap();
    for _ in 0..40 {
        world.pass(1);
        world.work();
        let booking = world.load(id);
        assert_ne!(booking.technician, Some(world.technician.id));
        if booking.status == Status::Matching {
            let assigned = run(world.bookings().assign(&world.admin.actor(), id, world.technician.id));
            assert_refused(assigned, Rule::NOT_ELIGIBLE);
        }
    }
    assert_eq!(world.load(id).status, Status::Cancelled);
}

#[test]
fn the_radius_widens_at_ten_and_twenty_minutes_and_the_search_ends_at_thirty() {
    // Every technician travels 10 km. These are the distances of their homes.
    for (kilometres, minutes) in
        [(9.9, 0), (10.1, 10), (14.9, 10), (15.1, 20), (19.9, 20), (20.1, 30), (90.0, 30)]
    {
        let world = World::new();
        let far = world.add_technician(2, kilometres);
        let id = world.book_until(Status::Assigned).id;
        run(world.bookings().reject(&world.technician.actor(), id, "no")).unwrap();
        let began = world.now();
        for at in 0..=30 {
            world.clock.set(began + TimeDelta::minutes(at) - TimeDelta::milliseconds(1));
            world.work();
            if at > 0 && at <= minutes {
                assert_eq!(world.load(id).status, Status::Matching, "{kilometres} km, before minute {at}");
            }
            world.clock.set(began + TimeDelta::minutes(at));
            world.work();
            if at >= minutes {
                break;
            }
        }
        let booking = world.load(id);
        if minutes < 30 {
            assert_eq!(
                (booking.status, booking.technician),
                (Status::Assigned, Some(far.id)),
                "{kilometres} km"
            );
        } else {
            assert_eq!(booking.status, Status::Cancelled, "{kilometres} km");
            let cancellation = booking.cancellation.as_ref().unwrap();
            assert_eq!(cancellation.cause, Some(CancellationCause::System));
            assert!(cancellation.fee.is_zero() && cancellation.cancelled_by.is_none());
            assert!(world.money_entries().is_empty());
        }
    }
}

#[test]
fn unpaid_job_is_cancelled_free_thirty_minutes_after_acceptance() {
    let world = World::with(|builder| builder.gateway(Arc::new(Silent)));
    let mut request = support::request();
    request.payment_method = PaymentMethod::Mpesa;
    // The slot is soon, so that a cancellation by the customer would cost the highest fee.
    request.time_slot = slot(0, "09:00", "11:00");
    let booking = world.request(&request);
    assert_eq!(booking.payment.timing, PaymentTiming::AtAcceptance);
    let booking = world.drive(booking.id, Status::Accepted);
    let keys = booking.slot.claim_keys(world.technician.id);
    assert_eq!(world.held(&keys).len(), keys.len());
    let technician = world.technician.actor();
    assert_refused(run(world.bookings().en_route(&technician, booking.id)), Rule::PAYMENT_REQUIRED);
    assert_eq!(world.load(booking.id).version, booking.version);

    world.clock.advance(TimeDelta::minutes(30) - TimeDelta::milliseconds(1));
    world.work();
    assert_eq!(world.load(booking.id).status, Status::Accepted);
    world.clock.advance(TimeDelta::milliseconds(1));
    world.work();
    let cancelled = world.load(booking.id);
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(cancelled.cancellation.as_ref().unwrap().fee.is_zero());
    assert_eq!(world.held(&keys), []);
    assert!(world.money_entries().is_empty());
}

#[test]
fn undisputed_work_is_verified_after_a_day() {
    let world = World::new();
    let id = world.book_until(Status::Completed).id;
    world.clock.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
    world.work();
    assert_eq!(world.load(id).status, Status::Completed);
    world.clock.advance(TimeDelta::milliseconds(1));
    world.work();
    let booking = world.load(id);
    assert_eq!(booking.status, Status::PaymentPending);
    assert!(booking.history.iter().rev().take(2).all(|line| line.changed_by.is_none()));
}

#[test]
fn a_dispute_is_flagged_once_after_seven_days() {
    let world = World::new();
    let id = world.book_until(Status::Completed).id;
    run(world.bookings().dispute(&world.customer.actor(), id, DisputeCategory::Quality, "it drips")).unwrap();
    run(world.bookings().investigate_dispute(&world.support.actor(), id)).unwrap();
    let raised_at = world.load(id).dispute.as_ref().unwrap().raised_at;
    let flags = || {
        let events = world.happened_to(id).into_iter();
        events.filter(|event| *event == BookingEvent::BookingDisputeEscalated).count()
    };
    world.clock.set(raised_at + TimeDelta::days(7) - TimeDelta::milliseconds(1));
    world.work();
    assert_eq!(flags(), 0);
    world.clock.advance(TimeDelta::milliseconds(1));
    world.work();
    assert_eq!(flags(), 1);
    assert_eq!(world.load(id).dispute.as_ref().unwrap().escalated_at, Some(world.now()));
    world.clock.advance(TimeDelta::days(30));
    world.work();
    assert_eq!((flags(), world.load(id).status), (1, Status::Disputed), "it has no other event");
}

/// A policy with this value for every duration.
fn at_all_times(time: TimeDelta) -> BookingPolicy {
    BookingPolicy {
        acceptance_timeout: time,
        payment_timeout: time,
        verification_timeout: time,
        dispute_window: time,
        dispute_escalation: time,
        no_show_wait: time,
        punctuality_tolerance: time,
        arrival_reminders: vec![time],
        payment_reminder: time,
        review_request: time,
        recurrence_lead: time,
        idempotency_lifetime: time,
        ..BookingPolicy::default()
    }
}

#[test]
fn infinite_timeout_never_expires() {
    let policy = BookingPolicy { max_advance: TimeDelta::MAX, ..at_all_times(TimeDelta::MAX) };
    let world = World::with(|builder| builder.policy(policy));
    let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=3".to_owned()), ..support::request() };
    let id = world.request(&weekly).id;
    let waits =
        [Status::Assigned, Status::Accepted, Status::Arrived, Status::Completed, Status::PaymentPending];
    for status in waits {
        world.drive(id, status);
        world.pass(if status == Status::Assigned { 60 } else { 60 * 24 * 400 });
        world.work();
        assert_eq!(world.load(id).status, status, "no task is due");
        let (bookings, technician) = (world.bookings(), world.technician.actor());
        assert!(run(bookings.report_customer_no_show(&technician, id)).is_err());
    }
    assert_eq!(world.booking_count(), 3, "a series is booked at once");
    world.drive(id, Status::Paid);
    let key = IdempotencyKey::new("once").unwrap();
    let bookings = world.bookings().idempotency_key(key);
    let disputed = run(bookings.dispute(&world.customer.actor(), id, DisputeCategory::Quality, "it drips"));
    assert_eq!(disputed.unwrap().next_task(world.market.policy()), None);
}

#[test]
fn zero_timeouts_are_valid() {
    let world = World::with(|builder| builder.policy(at_all_times(TimeDelta::zero())));
    let id = world.book_until(Status::Accepted).id;
    world.drive(id, Status::Paid);
    world.work();
}

#[test]
fn two_workers_run_each_task_once() {
    let world = World::new();
    for n in 2..12 {
        world.add_technician(n, 1.0);
    }
    let ids: Vec<_> = (0..40).map(|_| world.book().id).collect();
    // Every quarter of an hour, an offer expires and a search starts again.
    for _ in 0..8 {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        run(world.market.worker().run_due(3)).unwrap();
                    }
                });
            }
        });
        world.work();
        world.pass(15);
    }
    for id in ids {
        let booking = world.load(id);
        assert!(booking.declined_by.len() >= 7, "{} offers lapsed", booking.declined_by.len());
        let mut declined = booking.declined_by.clone();
        declined.sort_unstable();
        declined.dedup();
        assert_eq!(declined.len(), booking.declined_by.len(), "no technician was asked twice");
        let way: Vec<_> = booking.history.iter().map(|line| line.status).collect();
        for (index, lines) in way.chunks(3).enumerate() {
            let expected = [
                if index == 0 { Status::Pending } else { Status::Rejected },
                Status::Matching,
                Status::Assigned,
            ];
            assert_eq!(lines, &expected[..lines.len()], "{way:?}");
        }
        let changes = world.happened_to(id).into_iter();
        let changes =
            changes.filter(|event| matches!(event, BookingEvent::BookingStatusChanged { .. })).count();
        assert_eq!(changes, way.len() - 1);
    }
}

#[test]
fn task_of_a_dead_worker_runs_after_its_lease_expires() {
    let world = World::new();
    let id = world.book().id;
    let lease = Lease { now: world.now(), length: baitech_core::Worker::LEASE };
    let taken = run(world.store.claim_due(baitech_core::kernel::Kind::ALL, lease, 10)).unwrap();
    assert_eq!(taken.iter().map(|item| item.target).collect::<Vec<_>>(), [AggregateRef::Booking(id)]);

    world.clock.advance(baitech_core::Worker::LEASE - TimeDelta::milliseconds(1));
    assert!(world.work().is_idle());
    assert_eq!(world.load(id).status, Status::Pending);
    world.clock.advance(TimeDelta::milliseconds(1));
    world.work();
    assert_eq!(world.load(id).status, Status::Assigned);
}

#[test]
fn late_worker_does_not_repeat_finished_work() {
    let world = World::new();
    let id = world.book_until(Status::Completed).id;
    world.pass(24 * 60);
    let slow = Lease { now: world.now(), length: TimeDelta::seconds(60) };
    assert_eq!(run(world.store.claim_due(baitech_core::kernel::Kind::ALL, slow, 10)).unwrap().len(), 1);
    world.pass(1);
    world.work();
    let verified = world.load(id);
    assert_eq!(verified.status, Status::PaymentPending);
    // The slow worker continues now and decides on the state that it then reads.
    world.work();
    assert_eq!(world.load(id).version, verified.version);
}

#[test]
fn idle_items_do_not_block_the_items_after_them() {
    let world = World::new();
    // More than one batch of bookings that another policy had scheduled.
    for n in 1_001..1_071 {
        let record = build::booking(n, &world.customer, Some(&world.technician), Status::Paid);
        let put = Put::new(Booking::from_record(record)).due_at(Some(build::start()));
        let _ = run(world.store.commit(ChangeSet::new().write(put))).unwrap();
    }
    world.pass(1);
    let id = world.book().id;
    let done = world.work();
    assert_eq!((done.done, done.skipped, done.failed), (1, 70, 0));
    assert_eq!(world.load(id).status, Status::Assigned);
}

#[test]
fn overdue_tasks_run_in_order_after_days_without_a_worker() {
    let world = World::new();
    let offered = world.book_until(Status::Assigned).id;
    let mut request = support::request();
    request.time_slot = slot(2, "10:00", "11:00");
    let accepted = world.request(&request).id;
    world.drive(accepted, Status::Accepted);
    request.time_slot = slot(3, "10:00", "11:00");
    let completed = world.request(&request).id;
    world.drive(completed, Status::Completed);

    world.clock.advance(TimeDelta::days(10));
    world.work();
    let late = world.load(completed);
    assert_eq!(late.status, Status::PaymentPending);
    assert!(late.history.is_sorted_by_key(|line| line.changed_at));
    let gone = world.load(offered);
    assert_eq!(gone.status, Status::Cancelled, "no technician is sent to a job whose slot is over");
    let way: Vec<_> = gone.history.iter().skip(3).map(|line| line.status).collect();
    assert_eq!(way, [Status::Rejected, Status::Matching, Status::Cancelled]);
    assert!(gone.cancellation.as_ref().unwrap().fee.is_zero());
    let arrivals = world.load(accepted).reminders.iter().filter(|r| r.sent_at.is_some()).count();
    assert_eq!(arrivals, 3, "the confirmation and both arrival reminders are marked as sent");
    world.clock.advance(TimeDelta::days(10));
    world.work();
    let reminded = world.happened_to(completed).into_iter();
    let payment = BookingEvent::BookingReminder { reminder: ReminderKind::PaymentReminder };
    assert_eq!(reminded.filter(|event| *event == payment).count(), 1);
    assert!(world.work().is_idle());
}

#[test]
fn technician_without_the_skill_is_not_offered_the_job() {
    let world = World::new();
    let mut request = support::request();
    request.service_category = Category::Welding;
    let id = world.request(&request).id;
    world.work();
    assert_eq!(world.load(id).status, Status::Matching);
    let welder: User = build::technician(9, Category::Welding, build::nairobi());
    world.add(&welder);
    world.pass(10);
    world.work();
    assert_eq!(world.load(id).technician, Some(welder.id));
}
