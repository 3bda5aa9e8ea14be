use std::borrow::Cow;

use super::{AggregateRef, Breach, Claim, ConsumerName, EdgeKey};
use crate::kernel::{Rule, Violation};

/// The rules that a store enforces.
impl Rule {
    /// The idempotency key was used for another request.
    pub const IDEMPOTENCY_KEY_REUSED: Self = Self::new("idempotency_key_reused");
    /// The store must be prepared first.
    pub const NOT_PREPARED: Self = Self::new("not_prepared");
    /// The log does not contain all events after the token.
    pub const HISTORY_LOST: Self = Self::new("history_lost");
}

/// Why a store refused or failed. A failed commit stores nothing, except with
/// [`Unavailable`](Self::Unavailable): then the outcome is unknown.
///
/// Not `#[non_exhaustive]`: services and stores handle every case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A written aggregate is not at the expected version, or a guarded one is not in the expected state (or
    /// exists already, or no longer exists).
    #[error("{0} was changed concurrently")]
    Conflict(AggregateRef),
    /// A changed edge does not have the expected revision, or an edge whose absence is guarded is present.
    #[error("the edge {0} was changed concurrently")]
    EdgeConflict(EdgeKey),
    /// The cursor of the consumer has moved, or the parked event is not parked any more: another process has
    /// handled the event.
    #[error("the cursor of the consumer {0} was moved concurrently")]
    CursorConflict(ConsumerName),
    /// Events after the token were deleted, or the token is from before a restore of the database. The reader
    /// has to read the current state, and continue at the end of the log.
    #[error("the log does not contain all events after the token")]
    HistoryLost,
    /// A claim to take is already held; contains the existing claim with its holder.
    #[error("{} is held by {}", .0.key, .0.holder)]
    Claimed(Claim),
    /// A unique field has this value in another document.
    #[error("{field} is taken")]
    Duplicate {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// The entries would take an account beyond its bound.
    #[error("{0}")]
    OutOfBounds(Breach),
    /// The idempotency key was used for a request with another fingerprint.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The cursor does not belong to this list.
    #[error(transparent)]
    Cursor(Violation),
    /// A stored document that cannot be read.
    #[error("{collection} {id}: {reason}")]
    Corrupt {
        /// The collection or table.
        collection: &'static str,
        /// The document.
        id: String,
        /// What cannot be read, and where in the document.
        reason: String,
    },
    /// The change set violates the contract of the port (two writes of one aggregate, an unbalanced entry): a
    /// bug of the caller.
    #[error("malformed change set: {0}")]
    Malformed(Cow<'static, str>),
    /// The database of an earlier application has not been prepared yet; the message says how to prepare it.
    #[error("the store is not prepared: {0}")]
    NotPrepared(Cow<'static, str>),
    /// The store cannot be reached or did not answer; whether a commit took effect is unknown.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}
