use std::{fmt, time::Duration};

use async_trait::async_trait;

/// How the engine waits between two attempts. The core has no runtime of its own, so the embedder's is used.
#[async_trait]
pub trait Pause: Send + Sync + fmt::Debug {
    /// Waits about this long without blocking the thread.
    async fn pause(&self, time: Duration);
}

/// Lets other tasks run once and goes on: right for the embedded store, whose commits take microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPause;

#[async_trait]
impl Pause for NoPause {
    async fn pause(&self, _: Duration) {
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if yielded {
                return std::task::Poll::Ready(());
            }
            yielded = true;
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }
}
