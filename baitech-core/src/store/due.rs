use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::{AggregateRef, StoreError};
use crate::kernel::after;

/// An aggregate that wants something done by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueItem {
    /// Which one.
    pub target: AggregateRef,
    /// Since when.
    pub due_at: DateTime<Utc>,
}

/// How long a worker keeps an item to itself. If it dies, another takes the item up when the lease has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The present moment.
    pub now: DateTime<Utc>,
    /// From now on.
    pub length: TimeDelta,
}

impl Lease {
    /// When the lease ends.
    #[must_use]
    pub fn until(self) -> DateTime<Utc> {
        after(self.now, self.length)
    }
}

/// The queue of what is due: every write of an aggregate says when it is next due
/// ([`Put::due_at`](super::Put::due_at)), and workers take what is.
///
/// A lease only saves two workers from doing the same work at once. That nothing *takes effect* twice is the commit's
/// promise: what is done for an item is an ordinary commit at the version that was read.
#[async_trait]
pub trait DueWork: Send + Sync + fmt::Debug {
    /// Leases up to `limit` items with `due_at <= now` that nobody holds a running lease on, the longest due first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; items leased meanwhile come back when their lease ends.
    async fn claim_due(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError>;
}
