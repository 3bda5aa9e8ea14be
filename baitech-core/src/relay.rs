//! Delivers committed events to their consumers.

use std::fmt;

use async_trait::async_trait;

use crate::store::Event;

/// Accepts events: a message broker, a log, a table of notifications.
///
/// Events of one aggregate arrive in order, each at least once: after a crash, or if two relays run at once,
/// the same events arrive again. A consumer ignores event ids that it has seen.
#[async_trait]
pub trait EventSink: Send + Sync + fmt::Debug {
    /// Accepts a batch of events. `Ok` acknowledges them, and they are not delivered again: return it only
    /// once they are stored durably.
    ///
    /// After an error the sink gets the same batch again, and no later one. A sink that cannot process an
    /// event should store it elsewhere and continue.
    ///
    /// # Errors
    /// [`SinkError`] if the events were not accepted.
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError>;
}

/// The sink did not accept the events; they are delivered again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the events were not accepted: {reason}")]
pub struct SinkError {
    /// The reason, for an operator.
    pub reason: String,
}

impl SinkError {
    /// Creates an error with this reason.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Logs each event at debug level. Use it if nothing consumes the events, so that the outbox stays small.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogSink;

#[async_trait]
impl EventSink for LogSink {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        for event in events {
            let Event { id, subject, kind, .. } = event;
            tracing::debug!(%id, %subject, name = kind.name(), "event");
        }
        Ok(())
    }
}
