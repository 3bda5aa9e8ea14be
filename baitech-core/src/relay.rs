//! Hands committed events to whoever wants them.

use std::fmt;

use async_trait::async_trait;

use crate::store::Event;

/// Takes events over: a message broker, a log, a table of notifications.
///
/// Events of one aggregate come in their order, each at least once: after a crash, or where two relays
/// run at once, the same events come again. A consumer ignores the ids that it knows.
#[async_trait]
pub trait EventSink: Send + Sync + fmt::Debug {
    /// Takes over a batch of events. They are acknowledged once this has returned `Ok`, and never come
    /// again then: return it only when they are safe.
    ///
    /// A sink that fails gets the same batch again, and nothing behind it. One that cannot use an event
    /// at all keeps it somewhere and goes on.
    ///
    /// # Errors
    /// [`SinkError`] where the events were not taken over.
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError>;
}

/// Events were not taken over, and come again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("events were not taken over: {reason}")]
pub struct SinkError {
    /// Why, for an operator.
    pub reason: String,
}

impl SinkError {
    /// Not taken over, for this reason.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Writes a line into the log for each event, at debug level. For a marketplace whose events nobody
/// consumes: the outbox stays small all the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogSink;

#[async_trait]
impl EventSink for LogSink {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        for event in events {
            let Event { id, aggregate, version, kind, .. } = event;
            tracing::debug!(%id, %aggregate, version = version.get(), name = kind.name(), "event");
        }
        Ok(())
    }
}
