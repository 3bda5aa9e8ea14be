//! Futures that run to their end even if they are dropped.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Runs a future in the caller's task. If the caller is dropped, the rest of the future runs in a task of its
/// own. A task from the start would cost a switch of threads for every call.
pub(super) fn run<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> {
    Detached { runtime: Handle::current(), rest: Some(Box::pin(future)) }
}

/// The future, until it has ended.
struct Detached<T: Send + 'static> {
    runtime: Handle,
    rest: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T: Send + 'static> Future for Detached<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(rest) = self.rest.as_mut() else { return Poll::Pending };
        let polled = rest.as_mut().poll(context);
        if polled.is_ready() {
            self.rest = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Detached<T> {
    fn drop(&mut self) {
        // A future that has panicked cannot go on.
        if let Some(rest) = self.rest.take().filter(|_| !std::thread::panicking()) {
            drop(self.runtime.spawn(rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_dropped_future_runs_to_its_end() {
        for polls in 0..3 {
            let (first, second) = (oneshot::channel::<()>(), oneshot::channel::<()>());
            let (ended, end) = oneshot::channel();
            let mut running = Box::pin(run(async move {
                first.1.await.expect("is sent");
                second.1.await.expect("is sent");
                ended.send(polls).expect("is awaited");
            }));
            for _ in 0..polls {
                let once = |context: &mut Context<'_>| Poll::Ready(running.as_mut().poll(context));
                assert!(std::future::poll_fn(once).await.is_pending());
            }
            drop(running);
            first.0.send(()).expect("still runs");
            second.0.send(()).expect("still runs");
            assert_eq!(end.await, Ok(polls));
        }
    }

    #[tokio::test]
    async fn an_awaited_future_gives_its_result() {
        assert_eq!(run(async { 7 }).await, 7);
    }
}
