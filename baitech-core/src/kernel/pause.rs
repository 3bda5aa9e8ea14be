use std::{fmt, future::poll_fn, task::Poll, time::Duration};

use async_trait::async_trait;

/// How the engine waits between two attempts after a conflict. The core has no runtime of its own; a store
/// knows the one that it lives on, so that every store is a `Pause` too.
#[async_trait]
pub trait Pause: Send + Sync + fmt::Debug {
    /// Waits about this long without blocking the thread.
    ///
    /// By default it lets other tasks run once and goes on: right for a store in this process, whose commits
    /// take microseconds. A store at the other end of a network sleeps.
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
