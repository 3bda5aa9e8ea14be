//! Tasks in progress. They are polled manually, and dropped when their process crashes.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::provider::Call;
use crate::kernel::Result;

/// A command, a run of a worker, or the delivery of a webhook.
pub(super) struct Task {
    pub(super) name: String,
    pub(super) access: Access,
    future: Pin<Box<dyn Future<Output = Result<String>>>>,
}

/// The subject of a task.
#[derive(Debug)]
pub(super) enum Access {
    /// No subject.
    Command,
    /// A webhook, which is sent again unless it was confirmed.
    Call {
        /// Whether the card provider sent it.
        card: bool,
        /// The webhook.
        call: Box<Call>,
    },
}

impl Task {
    pub(super) fn new(
        name: impl Into<String>,
        future: impl Future<Output = Result<String>> + 'static,
    ) -> Self {
        Self { name: name.into(), access: Access::Command, future: Box::pin(future) }
    }

    /// Polls the task at most this many times; returns its result if it has ended.
    pub(super) fn poll(&mut self, times: u64) -> Option<Result<String>> {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..times {
            if let Poll::Ready(answer) = self.future.as_mut().poll(&mut context) {
                return Some(answer);
            }
        }
        None
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Returns the result of a future that never waits.
pub(super) fn ready<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return answer;
        }
    }
    panic!("the embedded store answers at once")
}
