//! A store of which one call fails.

use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use baitech_core::{for_each_port, memory::MemoryStore, port, ports::*};

/// A store of which one call fails, before or after it takes effect.
#[derive(Debug, Default)]
pub(crate) struct Faulty {
    pub(crate) inner: MemoryStore,
    pub(crate) calls: AtomicUsize,
    /// The number of the call that fails; 0 for none.
    pub(crate) fails: AtomicUsize,
    pub(crate) fails_afterwards: bool,
}

impl Faulty {
    async fn pass<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let is_fault = self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.fails.load(Ordering::SeqCst);
        if is_fault && !self.fails_afterwards {
            return Err(StoreError::Unavailable("lost before it took effect".into()));
        }
        // A process may crash before and after each call.
        yield_once().await;
        let answer = answer.await?;
        yield_once().await;
        if is_fault { Err(StoreError::Unavailable("lost afterwards".into())) } else { Ok(answer) }
    }
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl Pause for Faulty {
    async fn pause(&self, _: Duration) {}
}

macro_rules! pass {
    ($Port:ident $(: Load<$Loaded:ident>)? {
        $(fn $method:ident($($name:ident: $Type:ty),*) -> $Answer:ty;)+
    }) => {
        $(#[async_trait]
        impl Load<$Loaded> for Faulty {
            async fn load(&self, id: Id<$Loaded>) -> Result<Option<Stored<$Loaded>>, StoreError> {
                self.pass(self.inner.load(id)).await
            }
        })?

        #[async_trait]
        impl $Port for Faulty {
            $(async fn $method(&self, $($name: $Type),*) -> Result<$Answer, StoreError> {
                self.pass(self.inner.$method($($name),*)).await
            })+
        }
    };
}

port!(Commit, pass);
for_each_port!(pass);
