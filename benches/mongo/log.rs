//! The log: how fast waiting events get numbers, and how long a committed event takes to its consumer.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use baitech::{
    Consumer, ConsumerError, LoggedEvent, Marketplace,
    account::{AccountEvent, User},
    chrono::DateTime,
    kernel::{Actor, Id},
    store::{
        ChangeSet, Commit, Committed, ConsumerName, Edge, EdgeKey, EdgeKind, EdgeValue, Event, EventKind,
        EventLog, LogStart, Subject, Topic,
    },
};
use baitech_mongo::MongoStore;
use criterion::{Criterion, SamplingMode, Throughput};
use tokio::runtime::Runtime;

use crate::{Result, balance::fresh};

/// The number of events that wait at the start of each round, in commits of ten.
const WAITING: u64 = 3_000;
const IN_ONE_COMMIT: u32 = 10;
/// The least number of events that get a number per second.
const NUMBERED_GOAL: f64 = 3_000.0;
/// The longest time from a commit to the consumer, for 99 of 100 events.
const LATENCY_GOAL: Duration = Duration::from_millis(100);
/// The longest random pause between two commits.
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// Measures both, and prints them beside their goals.
pub(crate) fn measure(criterion: &mut Criterion, runtime: &Runtime, store: &MongoStore) {
    number(criterion, runtime, store);
    deliver(criterion, runtime, store);
}

#[expect(clippy::expect_used, reason = "only a panic stops criterion")]
#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn number(criterion: &mut Criterion, runtime: &Runtime, store: &MongoStore) {
    let (mut numbered, mut taken) = (0.0, Duration::ZERO);
    let mut group = criterion.benchmark_group("the log");
    group.throughput(Throughput::Elements(WAITING)).sampling_mode(SamplingMode::Flat).sample_size(10);
    group.bench_function("number 3,000 events", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut elapsed = Duration::ZERO;
            for _ in 0..rounds {
                runtime.block_on(number_all(store)).expect("all events are numbered");
                runtime.block_on(wait(store)).expect("all events are stored");
                let start = Instant::now();
                let count = runtime.block_on(number_all(store)).expect("all events are numbered");
                elapsed += start.elapsed();
                assert_eq!(count, WAITING, "every event gets a number");
                numbered += 3_000.0;
            }
            taken += elapsed;
            elapsed
        });
    });
    group.finish();
    if numbered > 0.0 {
        let per_second = numbered / taken.as_secs_f64();
        report(&format!(
            "numbered: {per_second:.0} events per second (at least {NUMBERED_GOAL} is the goal)"
        ));
    }
}

async fn number_all(store: &MongoStore) -> Result<u64> {
    let mut numbered = 0;
    loop {
        match store.number_events(500).await? {
            0 => return Ok(numbered),
            count => numbered += u64::try_from(count)?,
        }
    }
}

/// Stores events without numbers.
async fn wait(store: &MongoStore) -> Result<()> {
    for _ in 0..WAITING / u64::from(IN_ONE_COMMIT) {
        commit(store, IN_ONE_COMMIT).await?;
    }
    Ok(())
}

/// Commits an edge with events, and returns their ids.
async fn commit(store: &MongoStore, events: u32) -> Result<Vec<Id<Event>>> {
    let now = DateTime::UNIX_EPOCH;
    let key = EdgeKey::new(EdgeKind::new("follow"), fresh::<User>(), fresh::<User>());
    let change = Edge::never_put(key).put(EdgeValue::new("set"), now).ok_or("the edge is absent")?;
    let event = |n| Event {
        id: fresh(),
        subject: Subject::Edge { edge: key, revision: change.written() },
        n,
        actor: Actor::System,
        at: now,
        topics: Topic::of_edge(key),
        kind: EventKind::Account(AccountEvent::UserProfileChanged),
    };
    let events: Vec<Event> = (0..events).map(event).collect();
    let ids = events.iter().map(|event| event.id).collect();
    match store.commit(ChangeSet { edges: vec![change], events, ..ChangeSet::new() }).await? {
        Committed::Applied => Ok(ids),
        Committed::Replayed(_) => Err("the commit has no request to repeat".into()),
    }
}

/// Notes when each event arrives.
#[derive(Debug, Default)]
struct Arrivals(Mutex<HashMap<Id<Event>, Instant>>);

#[async_trait]
impl Consumer for Arrivals {
    fn name(&self) -> ConsumerName {
        const NAME: ConsumerName = ConsumerName::new("arrivals");
        NAME
    }

    fn start(&self) -> LogStart {
        LogStart::End
    }

    fn batch(&self) -> usize {
        100
    }

    #[expect(clippy::disallowed_methods, reason = "a stopwatch")]
    async fn handle(&self, events: &[LoggedEvent]) -> std::result::Result<ChangeSet, ConsumerError> {
        let now = Instant::now();
        let mut arrived = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        arrived.extend(events.iter().map(|logged| (logged.event.id, now)));
        Ok(ChangeSet::new())
    }
}

#[expect(clippy::expect_used, reason = "only a panic stops criterion")]
fn deliver(criterion: &mut Criterion, runtime: &Runtime, store: &MongoStore) {
    let mut times: Vec<Duration> = Vec::new();
    let mut group = criterion.benchmark_group("the log");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(20));
    group.bench_function("from a commit to the consumer", |bencher| {
        bencher.iter_custom(|rounds| {
            let measured = runtime.block_on(latencies(store, rounds)).expect("every event arrives");
            let sum = measured.iter().sum();
            times.extend(measured);
            sum
        });
    });
    group.finish();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len().saturating_mul(percent) / 100).copied();
    if let (Some(median), Some(slow)) = (at(50), at(99)) {
        let goal = LATENCY_GOAL;
        report(&format!(
            "from a commit to the consumer: median {median:.1?}, 99 of 100 within {slow:.1?} (the goal is \
             {goal:.0?}), {} events",
            times.len()
        ));
    }
}

/// Commits events with random pauses while a worker numbers and consumes them.
#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
async fn latencies(store: &MongoStore, rounds: u64) -> Result<Vec<Duration>> {
    let market = Marketplace::builder(std::sync::Arc::new(store.clone())).build();
    let (arrivals, is_over) = (Arrivals::default(), AtomicBool::new(false));
    let worker = market.worker();
    worker.number_events().await?;
    worker.consume(&arrivals).await?;
    let work = async {
        while !is_over.load(Ordering::Relaxed) {
            // As a worker does it: without news it looks once a second.
            let woken = tokio::time::timeout(Duration::from_secs(1), worker.events_committed()).await;
            if let Ok(woken) = woken {
                woken?;
            }
            worker.number_events().await?;
            worker.consume(&arrivals).await?;
        }
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    };
    let write = async {
        let mut committed = Vec::new();
        for _ in 0..rounds {
            tokio::time::sleep(LONGEST_PAUSE.mul_f64(fastrand::f64())).await;
            for id in commit(store, 1).await? {
                committed.push((id, Instant::now()));
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        is_over.store(true, Ordering::Relaxed);
        // Wakes the worker.
        commit(store, 1).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(committed)
    };
    let (done, committed) = tokio::join!(work, write);
    done?;
    let arrived = arrivals.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    let latency = |(id, at): (Id<Event>, Instant)| {
        let arrived = arrived.get(&id).ok_or("an event did not arrive")?;
        // An event can arrive before its writer has the answer.
        Ok(arrived.saturating_duration_since(at))
    };
    committed?.into_iter().map(latency).collect()
}

#[expect(clippy::print_stdout, reason = "a benchmark's output")]
fn report(line: &str) {
    println!("the log: {line}");
}
