//! Commands under way: polled by hand, and dropped where their process dies.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::provider::Call;
use crate::kernel::Result;

/// A command, a worker's round or a call that is being taken in.
pub(super) struct Task {
    pub(super) name: String,
    pub(super) access: Access,
    future: Pin<Box<dyn Future<Output = Result<String>>>>,
}

/// What a task has to do with beyond itself.
#[derive(Debug)]
pub(super) enum Access {
    /// Nothing.
    Command,
    /// A provider's call, which is sent again unless it was confirmed.
    Call {
        /// Whether it is the card provider's.
        card: bool,
        /// The call.
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

    /// Goes on until it waits, at most so many times; the answer where there is one.
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

/// The answer of something that waits for nobody.
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
