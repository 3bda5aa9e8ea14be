//! Consumers: code that handles the events of the log, one after the other.

use std::fmt;

use async_trait::async_trait;

use crate::{
    kernel::Error,
    store::{ChangeSet, ConsumerName, Event, LogStart, Seq, StoreError},
};

/// Handles the events of the log: sends mails, fills a search index, passes events to a message broker.
///
/// [`Worker::consume`](crate::Worker::consume) calls it with the events in their order, and keeps a cursor in
/// the store. Any number of processes may run the same consumer; one of them works at a time.
///
/// - Changes that [`handle`](Self::handle) returns are committed together with the cursor, so each event
///   takes effect once.
/// - Everything else that it does, such as a call to another service, happens at least once: after a crash
///   the same events come again. Use [`Event::id`] to recognise them.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use async_trait::async_trait;
/// use baitech_core::{Consumer, ConsumerError, LoggedEvent, Marketplace, memory::MemoryStore};
/// use baitech_core::store::{ChangeSet, ConsumerName};
///
/// /// Keeps the name of every event.
/// #[derive(Debug, Default)]
/// struct Names(Mutex<Vec<&'static str>>);
///
/// #[async_trait]
/// impl Consumer for Names {
///     fn name(&self) -> ConsumerName {
///         const NAME: ConsumerName = ConsumerName::new("names");
///         NAME
///     }
///
///     async fn handle(&self, events: &[LoggedEvent]) -> Result<ChangeSet, ConsumerError> {
///         let names = events.iter().map(|logged| logged.event.kind.name());
///         self.0.lock().map_err(|_| ConsumerError::retry("a thread has panicked"))?.extend(names);
///         Ok(ChangeSet::new())
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let market = Marketplace::builder(Arc::new(MemoryStore::new())).build();
/// let worker = market.worker();
/// worker.number_events().await?;
/// let done = worker.consume(&Names::default()).await?;
/// assert_eq!(done.handled, 0, "nothing has happened yet");
/// # Ok::<(), baitech_core::kernel::Error>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Consumer: Send + Sync + fmt::Debug {
    /// Its name, which identifies its cursor. Two different consumers must not share a name.
    fn name(&self) -> ConsumerName;

    /// Where it begins when it runs for the first time.
    fn start(&self) -> LogStart {
        LogStart::First
    }

    /// The maximum number of events in one call of [`handle`](Self::handle): 1 by default.
    fn batch(&self) -> usize {
        1
    }

    /// Handles events in the order of their numbers, and returns the changes to commit with the cursor.
    ///
    /// If it fails for a batch, it is called again for each event alone. If the changes conflict with another
    /// commit, it is called again, and decides on the new state.
    ///
    /// # Errors
    /// [`ConsumerError`]: nothing is committed.
    async fn handle(&self, events: &[LoggedEvent]) -> Result<ChangeSet, ConsumerError>;
}

/// An event with its number in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its number.
    pub seq: Seq,
    /// The event.
    pub event: Event,
}

/// Why a consumer did not handle an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ConsumerError {
    /// The reason, for an operator.
    pub reason: String,
    /// Whether another attempt can succeed. Otherwise the event is parked at once.
    pub may_be_retried: bool,
}

impl ConsumerError {
    /// A temporary failure: the event is retried with increasing pauses, and finally parked.
    #[must_use]
    pub fn retry(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_be_retried: true }
    }

    /// The event itself cannot be handled, so it is parked.
    #[must_use]
    pub fn park(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_be_retried: false }
    }
}

impl From<StoreError> for ConsumerError {
    fn from(error: StoreError) -> Self {
        Self::retry(error.to_string())
    }
}

impl From<Error> for ConsumerError {
    fn from(error: Error) -> Self {
        Self::retry(error.to_string())
    }
}

/// What a run of a consumer did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsumerRun {
    /// Number of events that it handled.
    pub handled: usize,
    /// Number of events that it parked: [`Operations`](crate::Operations) lists and retries them.
    pub parked: usize,
    /// Number of parked events that it handled after an operator requested a retry.
    pub recovered: usize,
    /// Why it stopped before the end of the log, for an operator; it continues later.
    pub failure: Option<String>,
    /// Whether another process runs the same consumer at present.
    pub is_busy: bool,
}
