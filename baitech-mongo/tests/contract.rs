//! The store contract on a real server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use baitech_core::ports::Store;
use baitech_core::testing::contract::{Fixture, Promise, Task};

/// A separate database per test on the shared server; tasks run on the threads of the test's runtime.
struct OnServer;

#[async_trait]
impl Fixture for OnServer {
    async fn store(&self) -> Arc<dyn Store> {
        Arc::new(support::store().await)
    }

    async fn run(&self, tasks: Vec<Task>) {
        let running: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
        for task in running {
            task.await.unwrap();
        }
    }
}

fn check(promise: &Promise) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(promise.check(&OnServer));
}

baitech_core::contract_tests!(check);
