use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Barrier, Mutex},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use async_trait::async_trait;

use crate::ports::Store;

/// A task of a test.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The environment of the contract tests: how to create an empty store, and how to run several tasks at once.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// Returns an empty store that no other test uses.
    async fn store(&self) -> Arc<dyn Store>;

    /// Runs the tasks concurrently and returns when all have ended; panics if a task panicked. The tasks must
    /// run in parallel: on separate threads, or on a runtime with several threads. Polling them in turn is
    /// not enough.
    async fn run(&self, tasks: Vec<Task>);
}

/// A fixture for a store that needs no async runtime: every task runs on its own thread.
///
/// ```
/// use std::sync::Arc;
/// use baitech_core::{memory::MemoryStore, testing::contract::{Promise, Threads, block_on}};
///
/// let fixture = Threads(|| Arc::new(MemoryStore::new()) as _);
/// block_on(Promise::named("counters::count_from_one").check(&fixture));
/// ```
pub struct Threads<F>(
    /// Creates an empty store.
    pub F,
);

impl<F> fmt::Debug for Threads<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Threads(..)")
    }
}

#[async_trait]
impl<F: Fn() -> Arc<dyn Store> + Send + Sync> Fixture for Threads<F> {
    async fn store(&self) -> Arc<dyn Store> {
        (self.0)()
    }

    async fn run(&self, tasks: Vec<Task>) {
        // All threads wait until the last one exists. Otherwise the first would end before the last starts.
        let start = Barrier::new(tasks.len());
        thread::scope(|scope| {
            for task in tasks {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    block_on(task);
                });
            }
        });
    }
}

/// Runs a future on this thread; the thread sleeps while the future waits.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// Runs futures concurrently and returns their results in the order of the futures.
pub(super) async fn together<T, Fut>(fixture: &dyn Fixture, futures: impl IntoIterator<Item = Fut>) -> Vec<T>
where
    T: Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let results = Arc::new(Mutex::new(Vec::new()));
    let task = |(number, future): (usize, Fut)| {
        let results = Arc::clone(&results);
        let task: Task = Box::pin(async move {
            let result = future.await;
            results.lock().unwrap().push((number, result));
        });
        task
    };
    let tasks: Vec<Task> = futures.into_iter().enumerate().map(task).collect();
    let expected = tasks.len();
    fixture.run(tasks).await;
    let mut results = std::mem::take(&mut *results.lock().unwrap());
    assert_eq!(results.len(), expected, "the fixture must run every task to completion");
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}
