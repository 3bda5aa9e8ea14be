//! Consumers of the log: their cursors, and the events that they could not handle.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::{Event, Lease, Seq, StoreError, UnreadableEvent, word::word};
use crate::kernel::{Code, Cursor, Page, PageRequest, Violation};

word! {
    /// The name of a consumer of the log: `mailer`. Each consumer has one cursor, however many processes run
    /// it.
    ConsumerName("consumer")
}

impl Serialize for ConsumerName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where a new consumer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStart {
    /// At the first event that is kept.
    First,
    /// After the last event that has a number.
    End,
}

/// The cursor of a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumerCursor {
    /// The consumer.
    pub consumer: ConsumerName,
    /// The last event that it has finished.
    pub seq: Seq,
    /// Number of attempts since the cursor was last moved.
    pub attempts: u32,
    /// Until when one process has the consumer to itself, or until when the next attempt has to wait. `None`
    /// if an attempt may begin now.
    pub leased_until: Option<DateTime<Utc>>,
}

/// What a commit says about the progress of a consumer.
///
/// Because the cursor moves in the same commit, the other changes of the set take effect once for each event,
/// even if two processes handle the event at once, or a process crashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumed {
    /// The consumer.
    pub consumer: ConsumerName,
    /// What happened.
    pub step: ConsumedStep,
}

/// A step of a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsumedStep {
    /// All events after `from`, up to `to`, were handled.
    Handled {
        /// The place of the cursor that was read. The commit fails if it has moved.
        from: Seq,
        /// The new place.
        to: Seq,
        /// The lease of the next attempt, which begins at once. `None` ends the lease.
        next: Option<Lease>,
    },
    /// The event after `from` cannot be handled, and is set aside for an operator.
    Parked {
        /// The place of the cursor that was read. The commit fails if it has moved.
        from: Seq,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// An event that was parked has been handled.
    Recovered {
        /// The number of the event.
        seq: Seq,
    },
}

/// How an attempt of a consumer ended that did not move the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsumingEnd {
    /// The events did not cause the end. The attempts are reset, and the next one may begin at once.
    Released,
    /// It failed. The next attempt may begin at this time.
    Retry {
        /// When.
        at: DateTime<Utc>,
    },
}

/// An event that a consumer could not handle. It is copied, so that it outlives the log's retention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParkedEvent {
    /// The consumer.
    pub consumer: ConsumerName,
    /// The number of the event.
    pub seq: Seq,
    /// The event, or why it cannot be read; then it is `null` on the wire.
    #[serde(serialize_with = "readable")]
    pub event: Result<Event, UnreadableEvent>,
    /// Why it was parked. The text may contain stored data.
    pub reason: String,
    /// When it was parked.
    pub parked_at: DateTime<Utc>,
}

fn readable<S: Serializer>(event: &Result<Event, UnreadableEvent>, to: S) -> Result<S::Ok, S::Error> {
    event.as_ref().ok().serialize(to)
}

impl ParkedEvent {
    /// The cursor of the event in the list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.seq, format_args!("consumer/{}", self.consumer))
    }

    /// The position that [`cursor`](Self::cursor) encodes.
    ///
    /// # Errors
    /// A [`Violation`] of `cursor` for a cursor of another list.
    pub fn place(cursor: &Cursor) -> Result<(ConsumerName, Seq), Violation> {
        let (seq, name) = cursor.parts::<u64, String>()?;
        let consumer = name.strip_prefix("consumer/").and_then(|name| name.parse().ok());
        let foreign = || Violation::new("cursor", Code::Malformed, "the cursor belongs to another list");
        Ok((consumer.ok_or_else(foreign)?, Seq::new(seq)))
    }
}

/// The cursors of consumers, and parked events.
///
/// A lease only prevents two processes from doing the same work at once. The commit guarantees that nothing
/// takes effect twice.
#[async_trait]
pub trait Consumers: Send + Sync + fmt::Debug {
    /// The cursor of a consumer, which is created if there is none. From then on, the log keeps every event
    /// that the consumer has not read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn open_consumer(
        &self,
        consumer: ConsumerName,
        start: LogStart,
    ) -> Result<ConsumerCursor, StoreError>;

    /// Counts an attempt before it begins, so that an attempt which crashes the process is counted too, and
    /// leases the consumer. `None` if another lease runs, or if there is no such consumer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the attempt may or may not have been counted.
    async fn begin_consuming(
        &self,
        consumer: ConsumerName,
        lease: Lease,
    ) -> Result<Option<ConsumerCursor>, StoreError>;

    /// Ends the lease of an attempt that did not move the cursor. `false` if the lease is not the current
    /// one, so that nothing changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then the next attempt may begin once the lease has expired.
    async fn end_consuming(&self, cursor: &ConsumerCursor, end: ConsumingEnd) -> Result<bool, StoreError>;

    /// All consumers, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn list_consumers(&self) -> Result<Vec<ConsumerCursor>, StoreError>;

    /// Deletes the cursor of a consumer that no longer runs, with its parked events, so that the log can be
    /// trimmed. `false` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn remove_consumer(&self, consumer: ConsumerName) -> Result<bool, StoreError>;

    /// Parked events, by consumer and number.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_parked(&self, page: &PageRequest) -> Result<Page<ParkedEvent>, StoreError>;

    /// Requests that a parked event is handled again. `false` if it is not parked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn retry_parked(&self, consumer: ConsumerName, seq: Seq) -> Result<bool, StoreError>;

    /// Takes the first parked event of a consumer whose retry was requested, and clears the request. The
    /// event stays parked until a commit says that it was [recovered](ConsumedStep::Recovered).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the request may or may not have been cleared.
    async fn take_parked(&self, consumer: ConsumerName) -> Result<Option<ParkedEvent>, StoreError>;
}
