//! Many users like one thing at once: an edge, a counter and an event in each commit.

use std::time::{Duration, Instant};

use baitech::{
    account::{AccountEvent, User},
    booking::Booking,
    chrono::{DateTime, Utc},
    kernel::{Actor, Id},
    store::{
        ChangeSet, Commit, Committed, CounterKey, CounterName, CounterReader, Edge, EdgeKey, EdgeKind,
        EdgeValue, Event, EventKind, Subject, Topic,
    },
};
use baitech_mongo::MongoStore;
use criterion::{Criterion, SamplingMode, Throughput};
use tokio::runtime::Runtime;

use crate::{Result, balance::fresh};

/// The number of users who like at the same time.
const WRITERS: u16 = 64;
/// The least number of likes per second.
const GOAL: f64 = 300.0;

/// Measures the likes of one hot booking, and prints how many were stored per second.
#[expect(clippy::expect_used, reason = "only a panic stops criterion")]
#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
pub(crate) fn measure(criterion: &mut Criterion, runtime: &Runtime, store: &MongoStore) {
    let hot: Id<Booking> = fresh();
    let (mut likes, mut taken) = (0_u32, Duration::ZERO);
    let mut group = criterion.benchmark_group("likes of one booking");
    group.throughput(Throughput::Elements(WRITERS.into())).sampling_mode(SamplingMode::Flat).sample_size(10);
    group.measurement_time(Duration::from_secs(20));
    group.bench_function("64 writers", |bencher| {
        bencher.iter_custom(|rounds| {
            let start = Instant::now();
            runtime.block_on(all(store, hot, rounds)).expect("every like is stored");
            let elapsed = start.elapsed();
            likes += u32::try_from(rounds).unwrap_or(u32::MAX).saturating_mul(WRITERS.into());
            taken += elapsed;
            elapsed
        });
    });
    group.finish();
    if likes > 0 {
        let counted = runtime.block_on(store.read_counters(&[likes_of(hot)])).expect("the counter is read");
        assert_eq!(counted, [i64::from(likes)], "every like is counted once");
        report(f64::from(likes) / taken.as_secs_f64());
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark's output")]
fn report(per_second: f64) {
    println!(
        "likes of one booking: {per_second:.0} per second with {WRITERS} writers (at least {GOAL} is the goal)"
    );
}

fn likes_of(hot: Id<Booking>) -> CounterKey {
    CounterKey::new(hot, CounterName::new("likes"))
}

/// Each writer likes `rounds` times.
async fn all(store: &MongoStore, hot: Id<Booking>, rounds: u64) -> Result<()> {
    let writers: Vec<_> = (0..WRITERS).map(|_| tokio::spawn(write(store.clone(), hot, rounds))).collect();
    for writer in writers {
        writer.await??;
    }
    Ok(())
}

/// Likes as another user each time.
async fn write(store: MongoStore, hot: Id<Booking>, rounds: u64) -> Result<()> {
    for _ in 0..rounds {
        if store.commit(like(fresh(), hot)?).await? != Committed::Applied {
            return Err("the like must be applied".into());
        }
    }
    Ok(())
}

fn like(user: Id<User>, hot: Id<Booking>) -> Result<ChangeSet> {
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH;
    let never = Edge::never_put(EdgeKey::new(EdgeKind::new("like"), user, hot));
    let change = never.put(EdgeValue::new("set"), now).ok_or("the edge is absent")?;
    let event = Event {
        id: fresh(),
        subject: Subject::Edge { edge: change.key(), revision: change.written() },
        n: 0,
        actor: Actor::System,
        at: now,
        topics: Topic::of_edge(change.key()),
        // Any small event.
        kind: EventKind::Account(AccountEvent::UserProfileChanged),
    };
    Ok(ChangeSet {
        counters: change.deltas(|_| [likes_of(hot)]),
        edges: vec![change],
        events: vec![event],
        ..ChangeSet::new()
    })
}
