use std::borrow::Cow;

use super::{AggregateRef, Breach, Claim};
use crate::kernel::{Rule, Violation};

/// The rules by which a store refuses.
impl Rule {
    /// This idempotency key belongs to another request.
    pub const IDEMPOTENCY_KEY_REUSED: Self = Self::new("idempotency_key_reused");
    /// The store must be prepared first.
    pub const NOT_PREPARED: Self = Self::new("not_prepared");
}

/// Why a store did not do what it was asked. A commit that fails stores nothing, unless it is
/// [`Unavailable`](Self::Unavailable): then nobody knows.
///
/// Not `#[non_exhaustive]`: services and stores handle every case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A written aggregate is not at the expected version, or a guarded one is not as it has to be (or there
    /// already, or gone).
    #[error("{0} was changed meanwhile")]
    Conflict(AggregateRef),
    /// A claim to take is held; here with its holder.
    #[error("{} is held by {}", .0.key, .0.holder)]
    Claimed(Claim),
    /// A unique field has this value in another document already.
    #[error("{field} is taken")]
    Duplicate {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// The entries would take an account beyond its bound.
    #[error("{0}")]
    OutOfBounds(Breach),
    /// The idempotency key was used for a request with another fingerprint.
    #[error("the idempotency key belongs to another request")]
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
        /// Where and how.
        reason: String,
    },
    /// The change set breaks the port's own terms (two writes of one aggregate, an unbalanced entry): a bug
    /// of the caller.
    #[error("malformed change set: {0}")]
    Malformed(Cow<'static, str>),
    /// The database of an earlier application has not been prepared yet; this says how.
    #[error("the store is not prepared: {0}")]
    NotPrepared(Cow<'static, str>),
    /// The store cannot be reached or did not answer; whether a commit took effect is unknown.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}
