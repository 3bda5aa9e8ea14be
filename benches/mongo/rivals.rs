//! Measuring two ways of doing one thing, in turns.

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::Criterion;
use tokio::runtime::Runtime;

use crate::Result;

/// One operation, through the store and by hand on the bare driver.
pub(crate) trait Rivals: Send + Sync + 'static {
    /// What is measured.
    const NAME: &'static str;
    /// The store may take so many times what the bare driver takes.
    const GOAL: Option<f64>;
    /// What the store is given.
    type ForStore: Send;
    /// What the bare driver is given.
    type ForDriver: Send;

    /// The operation comes at most so long after the last one.
    ///
    /// A server that does something at intervals, such as writing its journal, keeps step with whoever sends
    /// one operation right after another: then a hair's breadth more costs either nothing or a whole
    /// interval. Who comes at any time pays for what it takes.
    const LONGEST_PAUSE: Duration = Duration::ZERO;

    /// What both need for so many rounds; not measured.
    fn prepare(
        &self,
        rounds: u64,
    ) -> impl Future<Output = Result<Vec<(Self::ForStore, Self::ForDriver)>>> + Send;

    /// The operation through the store.
    fn by_store(&self, given: Self::ForStore) -> impl Future<Output = Result<()>> + Send;

    /// The operation by hand.
    fn by_driver(&self, given: Self::ForDriver) -> impl Future<Output = Result<()>> + Send;
}

/// What rounds took.
#[derive(Debug, Default)]
struct Times {
    store: Vec<Duration>,
    driver: Vec<Duration>,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Store,
    Driver,
}

impl Times {
    fn sum(&self, side: Side) -> Duration {
        match side {
            Side::Store => self.store.iter().sum(),
            Side::Driver => self.driver.iter().sum(),
        }
    }
}

/// Measures both and prints their medians and the ratio.
///
/// Both of criterion's figures come from rounds in which each side took its turn, so that whatever else the
/// machine does slows both; the line at the end comes from all of these rounds.
#[expect(clippy::expect_used, reason = "criterion is only stopped by a panic")]
pub(crate) fn compare<R: Rivals>(criterion: &mut Criterion, runtime: &Runtime, rivals: R) {
    let rivals = Arc::new(rivals);
    let all = RefCell::new(Times::default());
    let mut group = criterion.benchmark_group(R::NAME);
    for (name, side) in [("store", Side::Store), ("bare driver", Side::Driver)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                // In a task, as a server would: the thread that blocks on a runtime is woken more slowly than
                // its workers.
                let played = runtime.block_on(runtime.spawn(play(Arc::clone(&rivals), rounds)));
                let times = played.expect("no panic").expect("no failure");
                let sum = times.sum(side);
                let mut all = all.borrow_mut();
                all.store.extend(times.store);
                all.driver.extend(times.driver);
                sum
            });
        });
    }
    group.finish();
    report::<R>(all.into_inner());
}

async fn play<R: Rivals>(rivals: Arc<R>, rounds: u64) -> Result<Times> {
    let mut times = Times::default();
    for (round, (for_store, for_driver)) in rivals.prepare(rounds).await?.into_iter().enumerate() {
        let by_store = timed::<R>(rivals.by_store(for_store));
        let by_driver = timed::<R>(rivals.by_driver(for_driver));
        // Who comes second may find something warm.
        if round % 2 == 0 {
            times.store.push(by_store.await?);
            times.driver.push(by_driver.await?);
        } else {
            times.driver.push(by_driver.await?);
            times.store.push(by_store.await?);
        }
    }
    Ok(times)
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
async fn timed<R: Rivals>(operation: impl Future<Output = Result<()>>) -> Result<Duration> {
    if !R::LONGEST_PAUSE.is_zero() {
        tokio::time::sleep(R::LONGEST_PAUSE.mul_f64(fastrand::f64())).await;
    }
    let start = Instant::now();
    operation.await?;
    Ok(start.elapsed())
}

#[expect(clippy::print_stdout, reason = "a benchmark's output")]
fn report<R: Rivals>(times: Times) {
    let rounds = times.store.len();
    let (Some(store), Some(driver)) = (median(times.store), median(times.driver)) else { return };
    let goal = R::GOAL.map_or_else(String::new, |goal| format!(" (at most {goal:.2} is the goal)"));
    println!(
        "{}: store {:.3} ms, bare driver {:.3} ms, ratio {:.2}{goal}, medians of {rounds} rounds",
        R::NAME,
        store.as_secs_f64() * 1e3,
        driver.as_secs_f64() * 1e3,
        store.as_secs_f64() / driver.as_secs_f64(),
    );
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort();
    times.get(times.len() / 2).copied()
}
