use std::{fmt, future::poll_fn, task::Poll, time::Duration};

use async_trait::async_trait;

/// How the engine waits between two attempts after a conflict. The core has no runtime of its own; a store
/// knows its runtime, so every store is also a `Pause`.
#[async_trait]
pub trait Pause: Send + Sync + fmt::Debug {
    /// Waits about this long without blocking the thread.
    ///
    /// The default yields to other tasks once and continues: right for a store in this process, whose commits
    /// take microseconds. A store across a network should sleep.
    async fn pause(&self, time: Duration) {
        let _ = time;
        let mut yielded = false;
        poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
