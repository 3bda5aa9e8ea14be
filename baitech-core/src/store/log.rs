//! The log: all committed events in one order.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Event, StoreError, Topic, number::number};
use crate::kernel::{Code, Id, Violation};

number! {
    /// The number of an event in the log. The first event has number 1, and no number is missing.
    Seq {
        /// The place before the first event.
        START
    }
}

/// Marks the ids of epochs. An epoch begins when the log is created, and when a restored backup is put into
/// service ([`EventLog::restart_log`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Epoch {}

/// A place in the log that a reader outside the store keeps: all events up to `seq` have been read.
///
/// After a restore of the database, other events may get numbers that were used before. The epoch tells such
/// a log from the one that the reader knows. The text form is `EPOCH-SEQ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogToken {
    /// The epoch in which the place was read.
    pub epoch: Id<Epoch>,
    /// The last event that was read.
    pub seq: Seq,
}

impl fmt::Display for LogToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

impl FromStr for LogToken {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let parsed = text.split_once('-').and_then(|(epoch, seq)| {
            Some(Self { epoch: epoch.parse().ok()?, seq: Seq::new(seq.parse().ok()?) })
        });
        parsed.ok_or_else(|| {
            Violation::new("token", Code::Malformed, "must be an epoch and a number: EPOCH-SEQ")
        })
    }
}

/// The ends of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogState {
    /// The current epoch.
    pub epoch: Id<Epoch>,
    /// The number of the first event that is kept. If none is kept, it is the number that the next one gets.
    pub first: Seq,
    /// The number of the last event; [`Seq::START`] for a log that never had one.
    pub last: Seq,
}

impl LogState {
    /// The token before the first event that is kept.
    #[must_use]
    pub const fn start(self) -> LogToken {
        LogToken { epoch: self.epoch, seq: Seq::new(self.first.get().saturating_sub(1)) }
    }

    /// The token after the last event.
    #[must_use]
    pub const fn end(self) -> LogToken {
        LogToken { epoch: self.epoch, seq: self.last }
    }

    /// Checks that all events after a token are still there.
    ///
    /// # Errors
    /// [`StoreError::HistoryLost`] if the token is from another epoch, from before the first event that is
    /// kept, or from after the last one.
    pub fn check(self, token: LogToken) -> Result<(), StoreError> {
        let is_kept = token.seq.next() >= self.first && token.seq <= self.last;
        if token.epoch == self.epoch && is_kept { Ok(()) } else { Err(StoreError::HistoryLost) }
    }
}

/// One event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The number of the event.
    pub seq: Seq,
    /// The event, or why it cannot be read.
    pub event: Result<Event, UnreadableEvent>,
}

/// The events of one topic, as far as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicEvents {
    /// The events, in order. Between their numbers are those of events of other topics.
    pub entries: Vec<LogEntry>,
    /// The token with which to continue: after the last of these events if there may be more, otherwise at
    /// the end of the log.
    pub next: LogToken,
}

impl TopicEvents {
    /// The first `limit` events after a token, of a log that was in this state before they were read.
    #[must_use]
    pub fn read(entries: Vec<LogEntry>, (after, limit): (LogToken, usize), state: LogState) -> Self {
        let next = if entries.len() < limit {
            state.end()
        } else {
            entries.last().map_or(after, |last| LogToken { seq: last.seq, ..after })
        };
        Self { entries, next }
    }
}

/// A stored event that cannot be read: damaged, or written by a newer version of the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event cannot be read: {reason}")]
pub struct UnreadableEvent {
    /// What cannot be read. The text may contain stored data.
    pub reason: String,
}

/// The log of committed events. A commit only adds its events; numbering puts them into one order afterwards,
/// so that commits do not wait for each other.
///
/// - The numbers have no gap, and none is used twice in an epoch.
/// - The order never depends on a clock. Events of a subject are numbered in the order of version or
///   revision, then `n`. The events of one commit have consecutive numbers.
/// - A commit that becomes visible late gets a later number: a reader that has read up to a number never
///   misses an event before it.
#[async_trait]
pub trait EventLog: Send + Sync + fmt::Debug {
    /// Numbers events that have none, whole commits at a time, and returns how many. It stops soon after
    /// `limit` events; 0 means that no visible event waits. Any number of processes may call it at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the events may or may not have been numbered.
    async fn number_events(&self, limit: usize) -> Result<usize, StoreError>;

    /// The ends of the log.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn log_state(&self) -> Result<LogState, StoreError>;

    /// Up to `limit` numbered events after a token, in order, without a gap. An event that cannot be read is
    /// returned as such, never skipped.
    ///
    /// # Errors
    /// [`StoreError::HistoryLost`] if events after the token were deleted, or if the token is from another
    /// epoch; [`StoreError::Unavailable`].
    async fn read_log(&self, after: LogToken, limit: usize) -> Result<Vec<LogEntry>, StoreError>;

    /// Up to `limit` numbered events of a topic after a token, in order. An event without topics, of an
    /// earlier release, belongs to none.
    ///
    /// # Errors
    /// As [`read_log`](Self::read_log).
    async fn read_topic(
        &self,
        topic: Topic,
        after: LogToken,
        limit: usize,
    ) -> Result<TopicEvents, StoreError>;

    /// Begins a new epoch, which makes all tokens invalid. Call it once after a backup was restored: readers
    /// outside the store may have read events that the backup does not contain. Cursors of consumers stay
    /// valid, because they were restored together with the log.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn restart_log(&self) -> Result<LogState, StoreError>;

    /// Deletes up to `limit` of the first events while they are older than `before`, and returns how many.
    /// An event that a consumer has not read yet is never deleted, and neither are those after it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn trim_log(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, StoreError>;

    /// Waits until events have been committed since the last call, in this process or in another one. It may
    /// return early. Callers limit the wait, and number events afterwards in any case.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot notice commits at present.
    async fn events_committed(&self) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_written() {
        let token = LogToken { epoch: Id::from_bytes([7; 12]), seq: Seq::new(42) };
        assert_eq!(token.to_string().parse(), Ok(token));
        for text in ["", "42", "07-42", &format!("{}-", token.epoch), &format!("{}--1", token.epoch)] {
            let refused = text.parse::<LogToken>().unwrap_err();
            assert_eq!((&*refused.field, refused.code), ("token", Code::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_valid_only_within_its_log() {
        let state = LogState { epoch: Id::from_bytes([7; 12]), first: Seq::new(5), last: Seq::new(9) };
        let at = |seq| LogToken { epoch: state.epoch, seq: Seq::new(seq) };
        assert_eq!((state.start(), state.end()), (at(4), at(9)));
        for valid in 4..=9 {
            state.check(at(valid)).unwrap();
        }
        let other = LogToken { epoch: Id::from_bytes([8; 12]), ..at(5) };
        for invalid in [at(3), at(10), other] {
            assert!(matches!(state.check(invalid), Err(StoreError::HistoryLost)), "{invalid}");
        }
    }
}
