//! One booking from request to paid, with all its effects.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use baitech_core::{
    account::User,
    booking::{BookingEvent, BookingStatus as Status, PaymentStatus, ReminderKind},
    kernel::Actor,
    ledger::Account,
    store::{AggregateRef, EventLog, Topic, Version},
};
use chrono::TimeDelta;
use support::{World, kes, run};

#[test]
fn a_job_runs_from_request_to_paid() {
    let world = World::new();
    let (bookings, customer, technician) =
        (world.bookings(), world.customer.actor(), world.technician.actor());
    let start = world.now();
    let id = world.book().id;
    assert_eq!(world.load(id).number.as_str(), "BK2603000001");

    world.pass(1);
    run(bookings.find_technician(&customer, id)).unwrap();
    world.pass(1);
    run(bookings.accept(&technician, id)).unwrap();
    world.clock.set("2026-03-03T06:30:00Z".parse().unwrap());
    world.work();
    run(bookings.en_route(&technician, id)).unwrap();
    world.pass(25);
    run(bookings.arrive(&technician, id)).unwrap();
    world.pass(5);
    run(bookings.start(&technician, id)).unwrap();
    world.pass(40);
    run(bookings.pause(&technician, id, Some("lunch"))).unwrap();
    world.pass(33);
    run(bookings.resume(&technician, id)).unwrap();
    world.pass(50);
    let completed = run(bookings.complete(&technician, id)).unwrap();
    let work_began = "2026-03-03T07:00:00Z".parse().unwrap();
    assert_eq!(completed.actual.started_at, Some(work_began));
    assert_eq!(completed.actual.ended_at, Some(work_began + TimeDelta::minutes(123)));
    assert_eq!(completed.actual.worked_minutes, Some(90), "40 before and 50 after the pause");

    world.pass(10);
    let verified = run(bookings.verify(&customer, id)).unwrap();
    assert_eq!(verified.status, Status::PaymentPending);
    assert_eq!(verified.payment.status, PaymentStatus::Pending);
    world.pass(2);
    let paid = run(bookings.confirm_cash(&technician, id)).unwrap();
    assert_eq!(paid.status, Status::Paid);
    assert_eq!((paid.payment.status, paid.payment.paid_at), (PaymentStatus::Completed, Some(world.now())));

    let history: Vec<_> = paid.history.iter().map(|change| (change.status, change.changed_by)).collect();
    let (by_customer, by_technician) = (customer.id(), technician.id());
    let expected = [
        (Status::Pending, by_customer),
        (Status::Matching, by_customer),
        (Status::Assigned, by_customer),
        (Status::Accepted, by_technician),
        (Status::EnRoute, by_technician),
        (Status::Arrived, by_technician),
        (Status::InProgress, by_technician),
        (Status::Paused, by_technician),
        (Status::InProgress, by_technician),
        (Status::Completed, by_technician),
        (Status::Verified, by_customer),
        (Status::PaymentPending, None),
        (Status::Paid, None),
    ];
    assert_eq!(history, expected);
    assert!(paid.history.is_sorted_by_key(|change| change.changed_at));
    assert_eq!(paid.history[0].changed_at, start);
    assert_eq!(paid.history[7].reason.as_deref(), Some("lunch"));
}

#[test]
fn each_transition_emits_one_event_in_order() {
    let world = World::new();
    let id = world.book_until(Status::Paid).id;
    let (customer, technician) = (world.customer.id, world.technician.id);
    let changed = |from, to, technician| BookingEvent::BookingStatusChanged { from, to, technician };
    let reminder = |reminder| BookingEvent::BookingReminder { reminder };
    let expected = [
        (0, 0, BookingEvent::BookingCreated { customer }),
        (0, 1, reminder(ReminderKind::BookingConfirmation)),
        (1, 0, changed(Status::Pending, Status::Matching, None)),
        (2, 0, changed(Status::Matching, Status::Assigned, Some(technician))),
        (3, 0, changed(Status::Assigned, Status::Accepted, Some(technician))),
        (4, 0, changed(Status::Accepted, Status::EnRoute, Some(technician))),
        (5, 0, changed(Status::EnRoute, Status::Arrived, Some(technician))),
        (6, 0, changed(Status::Arrived, Status::InProgress, Some(technician))),
        (7, 0, changed(Status::InProgress, Status::Completed, Some(technician))),
        (8, 0, changed(Status::Completed, Status::Verified, Some(technician))),
        (8, 1, changed(Status::Verified, Status::PaymentPending, Some(technician))),
        (9, 0, BookingEvent::BookingPaymentReceived { amount: kes(2_738) }),
        (9, 1, changed(Status::PaymentPending, Status::Paid, Some(technician))),
    ];
    let events = world.events_of(id);
    let numbered: Vec<_> = events.iter().map(|event| (event.subject.number(), event.n)).collect();
    assert_eq!(numbered, expected.iter().map(|(version, n, _)| (*version, *n)).collect::<Vec<_>>());
    assert_eq!(world.happened_to(id), expected.map(|(_, _, event)| event));
    assert_eq!(world.load(id).version, Version::new(9));
    assert!(events.is_sorted_by_key(|event| event.at));
    let mut ids: Vec<_> = events.iter().map(|event| event.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len());
}

#[test]
fn cash_leaves_the_technician_owing_the_other_shares() {
    let world = World::new();
    let id = world.book_until(Status::PaymentPending).id;
    assert!(world.money_entries().is_empty(), "no entry before the payment");
    run(world.bookings().confirm_cash(&world.technician.actor(), id)).unwrap();

    let entries = world.money_entries();
    assert_eq!(entries.len(), 1);
    let payment = world.load(id).payment.transaction.expect("a transaction records it");
    assert_eq!(entries[0].cause, AggregateRef::Transaction(payment));
    let mut postings: Vec<_> = entries[0].postings.iter().map(|p| (p.account, p.amount)).collect();
    postings.sort_by_key(|posting| posting.0);
    let expected = [
        (Account::Payable(world.technician.id), kes(-460)),
        (Account::PlatformRevenue, kes(300)),
        (Account::ProcessingRevenue, kes(60)),
        (Account::WithholdingPayable, kes(100)),
    ];
    assert_eq!(postings, expected);
    assert_eq!(world.balance(Account::Payable(world.technician.id)), -460);
    let trial = run(world.market.ledger().trial_balance(&Actor::System)).unwrap();
    let with_balance: Vec<_> = trial.iter().filter(|(_, balance)| !balance.is_zero()).copied().collect();
    assert_eq!(with_balance, expected);
    assert!(trial.iter().map(|(_, balance)| balance.amount()).sum::<rust_decimal::Decimal>().is_zero());
}

#[test]
fn each_reminder_is_sent_at_its_time_and_once() {
    let world = World::new();
    let sent = |id| -> Vec<_> {
        let reminders = world.happened_to(id).into_iter().filter_map(|event| match event {
            BookingEvent::BookingReminder { reminder } => Some(reminder),
            _ => None,
        });
        reminders.collect()
    };
    let mut expected = vec![ReminderKind::BookingConfirmation];
    let id = world.book_until(Status::Accepted).id;
    assert_eq!(sent(id), expected);

    // The job begins at 7:00 UTC tomorrow.
    for (until, kind) in [
        ("2026-03-02T06:59:59.999Z", None),
        ("2026-03-02T07:00:00Z", Some(ReminderKind::TechnicianArrival)),
        ("2026-03-03T05:59:59.999Z", None),
        ("2026-03-03T06:00:00Z", Some(ReminderKind::TechnicianArrival)),
        ("2026-03-03T06:30:00Z", None),
    ] {
        world.clock.set(until.parse().unwrap());
        world.work();
        world.work();
        expected.extend(kind);
        assert_eq!(sent(id), expected, "{until}");
    }
    world.drive(id, Status::PaymentPending);
    for (hours, kind) in [(23, None), (1, Some(ReminderKind::PaymentReminder)), (48, None)] {
        world.pass(hours * 60);
        world.work();
        expected.extend(kind);
        assert_eq!(sent(id), expected);
    }
    world.drive(id, Status::Paid);
    for (hours, kind) in [(23, None), (1, Some(ReminderKind::ReviewRequest)), (24 * 30, None)] {
        world.pass(hours * 60);
        world.work();
        expected.extend(kind);
        assert_eq!(sent(id), expected);
    }
    assert!(world.load(id).reminders.iter().all(|reminder| reminder.sent_at.is_some()));
    assert!(world.work().is_idle());
}

#[test]
fn job_with_a_zero_price_is_paid_without_postings() {
    let world = World::new();
    let mut request = support::request();
    request.discount = Some(kes(1_000_000));
    request.on_behalf_of = Some(world.customer.id);
    let id = run(world.bookings().create(&world.admin.actor(), &request)).unwrap().id;
    let done = world.drive(id, Status::Completed);
    assert!(done.pricing.total.is_zero());
    let verified = run(world.bookings().verify(&world.customer.actor(), id)).unwrap();
    assert_eq!(verified.status, Status::Paid);
    assert_eq!(verified.payment.paid_at, None);
    let ways: Vec<_> = verified.history.iter().rev().take(3).map(|change| change.status).collect();
    assert_eq!(ways, [Status::Paid, Status::PaymentPending, Status::Verified]);
    assert!(world.money_entries().is_empty());
}

#[test]
fn events_have_the_topics_of_everyone_who_takes_part() {
    let world = World::new();
    let booking = world.book_until(Status::Assigned).id;
    run(world.bookings().reject(&world.technician.actor(), booking, "far away")).unwrap();
    let topics = |who: &User| Topic::new(who.id);
    let (customer, technician) = (topics(&world.customer), topics(&world.technician));
    let events = world.events_of(booking);
    assert!(events.iter().all(|event| event.topics.contains(&customer)));
    assert!(events.iter().all(|event| event.topics.contains(&Topic::new(booking))));
    assert!(events.iter().all(|event| event.topics.is_sorted() && event.topics.len() <= 3));
    let told: Vec<bool> = events.iter().map(|event| event.topics.contains(&technician)).collect();
    assert!(
        !told[0] && told.last() == Some(&true),
        "also of the change by which the technician left: {told:?}"
    );

    // One who follows a user reads only the events that concern the user.
    let start = run(world.store.log_state()).unwrap().start();
    while run(world.store.number_events(100)).unwrap() > 0 {}
    let stranger = run(world.store.read_topic(topics(&world.stranger), start, 100)).unwrap();
    assert_eq!(stranger.entries, []);
    let followed = run(world.store.read_topic(technician, start, 100)).unwrap();
    assert_eq!(followed.entries.len(), told.iter().filter(|told| **told).count());
}
