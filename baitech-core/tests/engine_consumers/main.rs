//! Consumers of the log, on the embedded store.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod faulty;
#[path = "../support/mod.rs"]
mod support;

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, atomic::Ordering},
    task::{Context, Waker},
};

use async_trait::async_trait;
use baitech_core::{
    Consumer, ConsumerError, ConsumerRun, LoggedEvent, Marketplace, Worker,
    kernel::{Actor, Clock, Error, ManualClock, Role, Rule, SeededEntropy},
    ports::*,
    store::{CounterDelta, CounterName, Event, Put},
    testing::{build, committed_events},
};
use chrono::TimeDelta;

use crate::{faulty::Faulty, support::run};

const NAME: ConsumerName = ConsumerName::new("counter");
const HANDLED: CounterName = CounterName::new("handled");

/// Reacts to an event before it is handled.
type React = dyn Fn(&Event) -> Result<(), ConsumerError> + Send + Sync;

/// Counts the events of each user in the store, and remembers which events it was given.
struct Counting {
    batch: usize,
    seen: Mutex<Vec<Seq>>,
    react: Box<React>,
}

impl std::fmt::Debug for Counting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counting")
    }
}

impl Counting {
    fn new(batch: usize) -> Self {
        Self::reacting(batch, |_| Ok(()))
    }

    fn reacting(
        batch: usize,
        react: impl Fn(&Event) -> Result<(), ConsumerError> + Send + Sync + 'static,
    ) -> Self {
        Self { batch, seen: Mutex::default(), react: Box::new(react) }
    }

    fn seen(&self) -> Vec<u64> {
        std::mem::take(&mut *self.seen.lock().unwrap()).into_iter().map(Seq::get).collect()
    }
}

#[async_trait]
impl Consumer for Counting {
    fn name(&self) -> ConsumerName {
        NAME
    }

    fn batch(&self) -> usize {
        self.batch
    }

    async fn handle(&self, events: &[LoggedEvent]) -> Result<ChangeSet, ConsumerError> {
        for logged in events {
            self.seen.lock().unwrap().push(logged.seq);
            (self.react)(&logged.event)?;
        }
        let counted = events.iter().map(|logged| {
            let of = logged.event.aggregate().expect("an event of an aggregate");
            CounterDelta { key: CounterKey::new(of, HANDLED), by: 1 }
        });
        Ok(ChangeSet { counters: CounterDelta::summed(counted), ..ChangeSet::new() })
    }
}

/// Three users with a few events each, all without a number.
struct World {
    store: Arc<Faulty>,
    clock: Arc<ManualClock>,
    market: Marketplace,
}

/// The number of events in a world.
const EVENTS: u64 = 9;

impl World {
    fn new() -> Self {
        Self::over(Faulty::default())
    }

    fn over(store: Faulty) -> Self {
        let store = Arc::new(store);
        let clock = Arc::new(ManualClock::at(build::start()));
        let market = Marketplace::builder(store.clone())
            .clock(clock.clone())
            .entropy(Arc::new(SeededEntropy::new(7)))
            .build();
        for n in 1..=3 {
            let user = build::customer(n);
            let target = AggregateRef::User(user.id);
            let events =
                (0..3).map(|n| build::event(target, Put::new(0).expected.written(), n, build::start()));
            let changes = ChangeSet { events: events.collect(), ..ChangeSet::new().write(Put::new(user)) };
            let _ = run(store.inner.commit(changes)).unwrap();
        }
        Self { store, clock, market }
    }

    fn worker(&self) -> Worker {
        self.market.worker()
    }

    fn consume(&self, consumer: &dyn Consumer) -> ConsumerRun {
        run(self.worker().number_events()).unwrap();
        run(self.worker().consume(consumer)).unwrap()
    }

    /// Lets every lease and every wait expire.
    fn wait(&self) {
        self.clock.advance(TimeDelta::minutes(5));
    }

    fn handled(&self) -> i64 {
        let key = |n| CounterKey::new(build::customer(n).id, HANDLED);
        run(self.store.inner.read_counters(&[key(1), key(2), key(3)])).unwrap().iter().sum()
    }

    fn parked(&self) -> Vec<(u64, String)> {
        let admin = Actor::System;
        let page = run(self.market.operations().list_parked(&admin, &PageRequest::default())).unwrap();
        page.items.into_iter().map(|parked| (parked.seq.get(), parked.reason)).collect()
    }
}

fn handled(count: u64) -> ConsumerRun {
    ConsumerRun { handled: usize::try_from(count).unwrap(), ..ConsumerRun::default() }
}

/// Whether the event is the first one of the second user, which has number 4.
fn is_fourth(event: &Event) -> bool {
    event.n == 0 && event.aggregate() == Some(AggregateRef::User(build::customer(2).id))
}

#[test]
fn every_event_is_handled_once_in_order() {
    for batch in [0, 1, 2, 4, 100] {
        let world = World::new();
        let consumer = Counting::new(batch);
        assert_eq!(run(world.worker().consume(&consumer)).unwrap(), handled(0), "no event has a number");
        assert_eq!(world.consume(&consumer), handled(EVENTS));
        assert_eq!(consumer.seen(), (1..=EVENTS).collect::<Vec<_>>());
        assert_eq!(world.handled(), 9);
        assert_eq!(world.consume(&consumer), handled(0));
        assert_eq!(world.consume(&Counting::new(3)), handled(0), "the cursor belongs to the name");
    }
}

#[test]
fn a_batch_as_large_as_the_log_is_read_to_the_end() {
    let world = World::new();
    let user = build::customer(4);
    let target = AggregateRef::User(user.id);
    let version = Put::new(0).expected.written();
    let events = (0..1_200).map(|n| build::event(target, version, n, build::start())).collect();
    let changes = ChangeSet { events, ..ChangeSet::new().write(Put::new(user)) };
    let _ = run(world.store.inner.commit(changes)).unwrap();
    assert_eq!(world.consume(&Counting::new(10_000)), handled(EVENTS + 1_200));
    let cursors = run(world.store.inner.list_consumers()).unwrap();
    assert_eq!(cursors[0].leased_until, None, "the lease has ended");
}

#[test]
fn a_consumer_may_begin_at_the_end() {
    #[derive(Debug)]
    struct FromNowOn(Counting);

    #[async_trait]
    impl Consumer for FromNowOn {
        fn name(&self) -> ConsumerName {
            NAME
        }

        fn start(&self) -> LogStart {
            LogStart::End
        }

        async fn handle(&self, events: &[LoggedEvent]) -> Result<ChangeSet, ConsumerError> {
            self.0.handle(events).await
        }
    }

    let world = World::new();
    let consumer = FromNowOn(Counting::new(1));
    assert_eq!(world.consume(&consumer), handled(0));
    let user = build::customer(4);
    let event = build::event(AggregateRef::User(user.id), Put::new(0).expected.written(), 0, build::start());
    let changes = ChangeSet { events: vec![event], ..ChangeSet::new().write(Put::new(user)) };
    let _ = run(world.store.inner.commit(changes)).unwrap();
    assert_eq!(world.consume(&consumer), handled(1));
    assert_eq!(consumer.0.seen(), [EVENTS + 1]);
}

#[test]
fn a_failing_event_is_retried_with_growing_pauses_and_then_parked() {
    for batch in [1, 5] {
        let world = World::new();
        let consumer = Counting::reacting(batch, |event| {
            if is_fourth(event) { Err(ConsumerError::retry("the mail server is down")) } else { Ok(()) }
        });
        let mut waits = Vec::new();
        let mut failed = world.consume(&consumer);
        let done = loop {
            assert_eq!(failed.failure.as_deref(), Some("the mail server is down"));
            assert_eq!((world.handled(), world.parked()), (3, vec![]), "the events before it are handled");
            let begun = world.clock.now();
            failed = loop {
                let next = run(world.worker().consume(&consumer)).unwrap();
                if !next.is_busy {
                    break next;
                }
                world.clock.advance(TimeDelta::milliseconds(100));
            };
            waits.push(world.clock.now() - begun);
            if failed.parked > 0 {
                break failed;
            }
        };
        assert!(waits[0] <= TimeDelta::milliseconds(2_100), "{waits:?}");
        assert!(waits[8] >= TimeDelta::seconds(80), "{waits:?}");
        assert_eq!((done.parked, done.failure), (1, None), "the rest goes on");
        assert_eq!(waits.len(), 9, "one less than the attempts: {waits:?}");
        assert!(waits[..6].is_sorted(), "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= TimeDelta::minutes(2)), "{waits:?}");
        assert_eq!(world.handled(), 8);
        assert_eq!(world.parked(), [(4, "the mail server is down".to_owned())]);
    }
}

#[test]
fn a_poison_event_is_parked_at_once_until_an_admin_retries_it() {
    let system = Actor::System;
    for batch in [1, 3, 100] {
        let world = World::new();
        let poison = Counting::reacting(batch, |event| {
            if is_fourth(event) { Err(ConsumerError::park("no such template")) } else { Ok(()) }
        });
        let done = world.consume(&poison);
        assert_eq!((done.handled, done.parked, done.failure), (8, 1, None));
        assert_eq!(world.handled(), 8);
        assert_eq!(world.parked(), [(4, "no such template".to_owned())]);
        let operations = world.market.operations();
        // It fails again, and stays parked.
        run(operations.retry_parked(&system, NAME, Seq::new(4))).unwrap();
        let again = world.consume(&poison);
        assert_eq!((again.recovered, again.failure.as_deref()), (0, Some("no such template")));
        assert_eq!(world.parked().len(), 1);
        assert_eq!(world.consume(&Counting::new(1)), handled(0), "a request is for one attempt");
        run(operations.retry_parked(&system, NAME, Seq::new(4))).unwrap();
        let repaired = world.consume(&Counting::new(1));
        assert_eq!((repaired.recovered, repaired.failure), (1, None));
        assert_eq!((world.handled(), world.parked()), (9, vec![]));
        let unknown = run(operations.retry_parked(&system, NAME, Seq::new(4))).unwrap_err();
        assert_eq!(unknown.rule(), Some(Rule::NOT_PARKED), "{unknown:?}");
    }
}

#[test]
fn only_admins_see_consumers_and_parked_events() {
    let world = World::new();
    let customer = Actor::user(build::customer(1).id, Role::Customer);
    let operations = world.market.operations();
    let refused = [
        run(operations.list_consumers(&customer)).map(drop),
        run(operations.list_parked(&customer, &PageRequest::default())).map(drop),
        run(operations.retry_parked(&customer, NAME, Seq::new(1))),
        run(operations.remove_consumer(&customer, NAME)),
        run(operations.restart_log(&customer)).map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
    }
}

#[test]
fn lag_is_the_number_of_events_that_a_consumer_has_not_read() {
    let system = Actor::System;
    let world = World::new();
    let operations = world.market.operations();
    world.consume(&Counting::reacting(1, |event| {
        if is_fourth(event) { Err(ConsumerError::retry("down")) } else { Ok(()) }
    }));
    let consumers = run(operations.list_consumers(&system)).unwrap();
    assert_eq!((consumers[0].cursor.seq, consumers[0].lag), (Seq::new(3), 6));
    run(operations.remove_consumer(&system, NAME)).unwrap();
    assert_eq!(run(operations.list_consumers(&system)).unwrap(), []);
    let unknown = run(operations.remove_consumer(&system, NAME)).unwrap_err();
    assert_eq!(unknown.rule(), Some(Rule::NO_SUCH_CONSUMER), "{unknown:?}");
}

#[test]
fn a_process_that_crashes_at_any_step_repeats_no_effect() {
    for batch in [1, 4] {
        let mut steps = 0;
        for crash_at in 1.. {
            let world = World::new();
            let consumer = Counting::new(batch);
            // Polls the run a number of times, and drops it.
            let is_over = {
                let worker = world.worker();
                let work = async {
                    worker.number_events().await.unwrap();
                    worker.consume(&consumer).await.unwrap();
                };
                let mut work = pin!(work);
                let mut context = Context::from_waker(Waker::noop());
                (0..crash_at).any(|_| work.as_mut().poll(&mut context).is_ready())
            };
            world.wait();
            let finished = world.consume(&Counting::new(batch));
            assert!(!finished.is_busy, "the lease has expired");
            assert_eq!(world.handled(), 9, "after a crash at step {crash_at}");
            assert_eq!(world.parked(), []);
            if is_over {
                steps = crash_at;
                break;
            }
        }
        assert!(steps > 20, "{steps} steps");
    }
}

#[test]
fn a_fault_of_any_store_call_repeats_no_effect() {
    for (batch, fails_afterwards) in [(1, false), (1, true), (4, false), (4, true)] {
        for fails in 1.. {
            let world = World::over(Faulty { fails_afterwards, ..Faulty::default() });
            world.store.fails.store(fails, Ordering::SeqCst);
            let outcome = run(async {
                world.worker().number_events().await?;
                world.worker().consume(&Counting::new(batch)).await
            });
            let is_over = world.store.calls.load(Ordering::SeqCst) < fails;
            world.store.fails.store(0, Ordering::SeqCst);
            world.wait();
            let finished = world.consume(&Counting::new(batch));
            assert_eq!((finished.failure, finished.is_busy), (None, false), "{outcome:?}");
            assert_eq!(world.handled(), 9, "after a fault of call {fails}: {outcome:?}");
            assert_eq!(world.parked(), []);
            if is_over {
                assert!(fails > 8, "{fails} calls");
                break;
            }
        }
    }
}

#[test]
fn an_event_that_crashes_every_process_is_parked() {
    let world = World::new();
    run(world.worker().number_events()).unwrap();
    for _ in 0..40 {
        // The process dies while the consumer handles the fourth event: nothing of it runs any more.
        let consumer = Dying(Counting::new(2));
        let worker = world.worker();
        let mut work = pin!(worker.consume(&consumer));
        let mut context = Context::from_waker(Waker::noop());
        if (0..500).any(|_| work.as_mut().poll(&mut context).is_ready()) {
            break;
        }
        world.wait();
    }
    assert_eq!(world.handled(), 8);
    let reason = "the process crashed during the last of 10 attempts".to_owned();
    assert_eq!(world.parked(), [(4, reason)]);
}

/// A consumer in which the fourth event never ends.
#[derive(Debug)]
struct Dying(Counting);

#[async_trait]
impl Consumer for Dying {
    fn name(&self) -> ConsumerName {
        NAME
    }

    fn batch(&self) -> usize {
        self.0.batch
    }

    async fn handle(&self, events: &[LoggedEvent]) -> Result<ChangeSet, ConsumerError> {
        if events.iter().any(|logged| is_fourth(&logged.event)) {
            std::future::pending::<()>().await;
        }
        self.0.handle(events).await
    }
}

#[test]
fn instances_in_many_threads_have_each_effect_once() {
    for _ in 0..20 {
        let world = World::new();
        let runs = support::at_once(4, |n| {
            let consumer = Counting::new(1 + n);
            run(async {
                let mut total = 0;
                loop {
                    world.worker().number_events().await.unwrap();
                    let done = world.worker().consume(&consumer).await.unwrap();
                    total += done.handled;
                    let cursor = world.store.inner.open_consumer(NAME, LogStart::First).await.unwrap();
                    if cursor.seq == Seq::new(EVENTS) {
                        return total;
                    }
                }
            })
        });
        assert_eq!(runs.iter().sum::<usize>(), 9);
        assert_eq!(world.handled(), 9);
    }
}

#[test]
fn old_events_that_were_read_are_deleted() {
    let world = World::new();
    world.consume(&Counting::new(9));
    assert_eq!(run(world.worker().trim_log()).unwrap(), 0, "they are not old");
    world.clock.advance(TimeDelta::days(31));
    assert_eq!(run(world.worker().trim_log()).unwrap(), 9);
    assert_eq!(run(committed_events(&world.store.inner)), []);
}
