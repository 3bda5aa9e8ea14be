//! Measures two implementations of one operation in turns.

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::Criterion;
use tokio::runtime::Runtime;

use crate::Result;

/// One operation, through the store and on the bare driver.
pub(crate) trait Rivals: Send + Sync + 'static {
    /// The name of the operation.
    const NAME: &'static str;
    /// The maximum ratio of the store's time to that of the bare driver.
    const GOAL: Option<f64>;
    /// The input of the store.
    type ForStore: Send;
    /// The input of the bare driver.
    type ForDriver: Send;

    /// The maximum random pause before an operation.
    ///
    /// A server with periodic work, such as writing its journal, synchronises with a client that sends
    /// operations without a pause. Then a small additional cost is either invisible or costs a whole period.
    /// Random pauses show the real cost.
    const LONGEST_PAUSE: Duration = Duration::ZERO;

    /// Prepares the inputs of this number of rounds; not measured.
    fn prepare(
        &self,
        rounds: u64,
    ) -> impl Future<Output = Result<Vec<(Self::ForStore, Self::ForDriver)>>> + Send;

    /// Runs the operation through the store.
    fn by_store(&self, given: Self::ForStore) -> impl Future<Output = Result<()>> + Send;

    /// Runs the operation on the bare driver.
    fn by_driver(&self, given: Self::ForDriver) -> impl Future<Output = Result<()>> + Send;
}

/// The times of the rounds.
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
/// Both figures of criterion come from rounds in which the sides take turns, so that other load of the
/// machine slows both. The last line summarises all of these rounds.
#[expect(clippy::expect_used, reason = "only a panic stops criterion")]
pub(crate) fn compare<R: Rivals>(criterion: &mut Criterion, runtime: &Runtime, rivals: R) {
    let rivals = Arc::new(rivals);
    let all = RefCell::new(Times::default());
    let mut group = criterion.benchmark_group(R::NAME);
    for (name, side) in [("store", Side::Store), ("bare driver", Side::Driver)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                // In a task, like in a server: a thread that blocks on a runtime wakes up more slowly than
                // its workers.
                let played = runtime.block_on(runtime.spawn(play(Arc::clone(&rivals), rounds)));
                let times = played.expect("no panic").expect("the task does not fail");
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
        // The second side may profit from caches, so the order alternates.
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
