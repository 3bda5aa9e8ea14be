//! Workers in several processes, one of which is killed.

use std::{collections::HashMap, time::Duration};

use baitech_core::{
    Worker,
    booking::{
        Booking, BookingEvent, BookingPolicy, BookingRecord, BookingStatus as Status, Reminder, ReminderKind,
    },
    store::{AggregateRef, DueWork, EventKind, Lease, Put},
    testing::build,
};
use baitech_mongo::testing::TestServer;
use bson::doc;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::oneshot::error::TryRecvError, time::sleep};

use crate::{
    process::{Order, Outcome, Process},
    world::World,
};

/// The number of due bookings of each kind: work without a dispute, unanswered offers, due reminders.
const EACH: u64 = 130;

fn moment() -> DateTime<Utc> {
    build::start() + TimeDelta::hours(26)
}

async fn due_bookings(world: &World) -> Vec<Booking> {
    let technician = build::technician(1, baitech_core::account::Category::Plumbing, build::nairobi());
    let reminder = Reminder {
        element: None,
        kind: ReminderKind::TechnicianArrival,
        scheduled_for: build::start() + TimeDelta::hours(1),
        sent_at: None,
    };
    let booking = |n: u64| {
        let status = [Status::Completed, Status::Assigned, Status::Accepted][usize::try_from(n % 3).unwrap()];
        let reminders = if status == Status::Accepted { vec![reminder.clone()] } else { Vec::new() };
        Booking::from_record(BookingRecord { reminders, ..world.booking(n, &technician, status) })
    };
    let bookings: Vec<Booking> = (0..3 * EACH).map(booking).collect();
    let policy = BookingPolicy::default();
    let put = |booking: &Booking| {
        let due_at = booking.next_task(&policy).map(|(at, _)| at);
        Put::new(booking.clone()).due_at(due_at).into()
    };
    world.store(bookings.iter().map(put)).await;
    bookings
}

/// Runs the workers of all processes to their end.
async fn work(processes: &[Process], now: DateTime<Utc>) -> usize {
    let orders: Vec<_> = processes.iter().map(|process| process.give(Order::Work { now })).collect();
    let mut total = 0;
    for order in orders {
        match order.await.expect("the process runs").outcome {
            Outcome::Worked { done, .. } => total += done,
            other => panic!("a worker failed: {other:?}"),
        }
    }
    total
}

/// The number of unchanged bookings.
async fn untouched(world: &World, bookings: &[Booking]) -> usize {
    let mut count = 0;
    for booking in bookings {
        count += usize::from(world.load(booking.id).await.version.get() == 0);
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_workers_leave_every_task_done_once() {
    let server = TestServer::start().await.unwrap();
    let world = World::on(&server).await;
    // An open commit of the killed worker blocks its booking until the server aborts it, by default after
    // a minute.
    let patience = doc! { "setParameter": 1, "transactionLifetimeLimitSeconds": 3 };
    world.stores[0].database().client().database("admin").run_command(patience).await.unwrap();
    let bookings = due_bookings(&world).await;

    let victim = Process::start(&world.uri).await;
    let others = [
        Process::start(&world.uri).await,
        Process::start(&world.uri).await,
        Process::start(&world.uri).await,
    ];
    let mut answer = victim.give(Order::Work { now: moment() });
    while world.events().await.len() < 10 {
        assert_eq!(answer.try_recv().err(), Some(TryRecvError::Empty), "the victim is still working");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    victim.kill();
    // A commit that the victim sent before it was killed may still take effect.
    let mut known = usize::MAX;
    loop {
        let events = world.events().await.len();
        if events == known {
            break;
        }
        known = events;
        sleep(Duration::from_millis(500)).await;
    }

    work(&others, moment()).await;
    let left = untouched(&world, &bookings).await;
    let lease = Lease { now: moment(), length: TimeDelta::zero() };
    assert_eq!(
        world.stores[0].claim_due(baitech_core::kernel::Kind::ALL, lease, 1_000).await.unwrap(),
        [],
        "the remaining items are leased by the victim"
    );
    assert!(left > 0, "the victim was killed during its work");
    println!("the killed worker left {left} of {} bookings", bookings.len());

    work(&others, moment() + Worker::LEASE).await;
    assert_all_done_once(&world, &bookings).await;
}

async fn assert_all_done_once(world: &World, bookings: &[Booking]) {
    let mut events: HashMap<AggregateRef, Vec<BookingEvent>> = HashMap::new();
    for event in world.events().await {
        let (Some(target), EventKind::Booking(kind)) = (event.aggregate(), event.kind) else {
            panic!("only bookings were due")
        };
        events.entry(target).or_default().push(kind);
    }
    for before in bookings {
        let after = world.load(before.id).await;
        let emitted = events.remove(&AggregateRef::Booking(before.id)).unwrap_or_default();
        let gone: Vec<_> = after.history[before.history.len()..].iter().map(|change| change.status).collect();
        let changed = |from, to| {
            let arrows = emitted.iter().filter_map(|event| match event {
                BookingEvent::BookingStatusChanged { from, to, .. } => Some((*from, *to)),
                _ => None,
            });
            arrows.filter(|arrow| *arrow == (from, to)).count()
        };
        match before.status {
            Status::Completed => {
                assert_eq!(gone, [Status::Verified, Status::PaymentPending]);
                assert_eq!(changed(Status::Completed, Status::Verified), 1);
                assert_eq!(changed(Status::Verified, Status::PaymentPending), 1);
                assert_eq!((after.version.get(), emitted.len()), (1, 2));
            }
            Status::Assigned => {
                assert_eq!(gone, [Status::Rejected, Status::Matching]);
                assert_eq!(changed(Status::Assigned, Status::Rejected), 1);
                assert_eq!(changed(Status::Rejected, Status::Matching), 1);
            }
            _ => {
                assert_eq!(gone, []);
                let reminder = ReminderKind::TechnicianArrival;
                assert_eq!(emitted, [BookingEvent::BookingReminder { reminder }]);
                assert_eq!(after.version.get(), 1);
                assert!(after.reminders[0].sent_at.is_some());
            }
        }
    }
    assert!(events.is_empty(), "there are no other events");
}
