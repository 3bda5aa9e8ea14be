use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{AggregateRef, StoreError};
use crate::kernel::{Cursor, Page, PageRequest, Violation, after};

/// An aggregate that wants something done by itself, under the lease of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueItem {
    /// Which one.
    pub target: AggregateRef,
    /// Since when.
    pub due_at: DateTime<Utc>,
    /// When the lease ends. Together with `due_at` it tells this lease from any other one on the item.
    pub leased_until: DateTime<Utc>,
    /// How many attempts were begun since the aggregate was last written.
    pub attempts: u32,
}

/// How long a worker keeps an item to itself. If it dies, another takes the item up when the lease has run
/// out.
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

/// What becomes of an item after an attempt that has not written it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEnd {
    /// It was not the item's fault. All attempts are forgotten, and the item comes again when its lease ends.
    Forgotten,
    /// It failed. The item comes again at this moment.
    Retry {
        /// When.
        at: DateTime<Utc>,
    },
    /// It is not attempted again until it is written or [released](DueWork::release_due).
    SetAside {
        /// The present moment.
        at: DateTime<Utc>,
        /// Why, for an operator.
        reason: String,
    },
}

/// An item that waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetAsideItem {
    /// Which aggregate.
    #[serde(flatten)]
    pub target: AggregateRef,
    /// Why it was set aside. It may show what is stored.
    pub reason: String,
    /// How many attempts were begun.
    pub attempts: u32,
    /// Since when something was to be done.
    pub due_at: DateTime<Utc>,
    /// When it was set aside.
    pub set_aside_at: DateTime<Utc>,
}

impl SetAsideItem {
    /// The place of the item in the list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let kind = self.target.kind().as_str();
        let id = self.target.id_text();
        Cursor::new(self.set_aside_at.timestamp_millis(), format_args!("{kind}/{id}"))
    }

    /// The place that [`cursor`](Self::cursor) names: milliseconds since 1970, and the aggregate.
    ///
    /// # Errors
    /// A [`Violation`] of `cursor` for a cursor of another list.
    pub fn place(cursor: &Cursor) -> Result<(i64, AggregateRef), Violation> {
        cursor.parts()
    }
}

/// The queue of what is due: every write of an aggregate says when it is next due
/// ([`Put::due_at`](super::Put::due_at)), and workers take what is. A write also ends a lease, forgets
/// attempts, and takes back what was set aside.
///
/// A lease only saves two workers from doing the same work at once. That nothing *takes effect* twice is the
/// commit's promise: what is done for an item is an ordinary commit at the version that was read.
///
/// The queue works also for an aggregate that cannot be read.
#[async_trait]
pub trait DueWork: Send + Sync + fmt::Debug {
    /// Leases up to `limit` items with `due_at <= now` that nobody holds a running lease on and that are not
    /// set aside, the longest due first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; items leased meanwhile come back when their lease ends.
    async fn claim_due(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError>;

    /// Counts another attempt at a leased item before it begins, so that also an attempt that ends its
    /// process is counted, and begins the lease anew. `None` where the item is not under this lease any more:
    /// it was written, or somebody else has it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; whether the attempt was counted is unknown.
    async fn begin_due(&self, item: &DueItem, lease: Lease) -> Result<Option<DueItem>, StoreError>;

    /// Says how an attempt ended, and whether it counted: `false` where the item is not under this lease any
    /// more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then the item comes back when its lease ends.
    async fn end_due(&self, item: &DueItem, end: AttemptEnd) -> Result<bool, StoreError>;

    /// The items that are set aside, the latest first, then by kind and id.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_set_aside(&self, page: &PageRequest) -> Result<Page<SetAsideItem>, StoreError>;

    /// Those of some aggregates that are set aside, in any order, each once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_set_aside(&self, targets: &[AggregateRef]) -> Result<Vec<SetAsideItem>, StoreError>;

    /// Makes an item that was set aside due again, at the moment at which it was due, with no attempts.
    /// `false` where it is not set aside.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn release_due(&self, target: AggregateRef) -> Result<bool, StoreError>;
}
