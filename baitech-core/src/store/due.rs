use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{AggregateRef, StoreError};
use crate::kernel::{Cursor, Kind, Page, PageRequest, Violation, after};

/// An aggregate with a due task, leased to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueItem {
    /// The aggregate.
    pub target: AggregateRef,
    /// When the task became due.
    pub due_at: DateTime<Utc>,
    /// When the lease ends. Together with `due_at` it identifies the lease.
    pub leased_until: DateTime<Utc>,
    /// Number of attempts since the aggregate was last written.
    pub attempts: u32,
}

/// How long a worker keeps an item to itself. If the worker dies, another one takes the item once the lease
/// has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The current time.
    pub now: DateTime<Utc>,
    /// Duration, counted from `now`.
    pub length: TimeDelta,
}

impl Lease {
    /// When the lease ends.
    #[must_use]
    pub fn until(self) -> DateTime<Utc> {
        after(self.now, self.length)
    }
}

/// How an attempt ended that did not write the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEnd {
    /// The item did not cause the failure. Its attempts are reset, and it is due again once its lease ends.
    Forgotten,
    /// It failed. The item is retried at this time.
    Retry {
        /// When to retry it.
        at: DateTime<Utc>,
    },
    /// It is not attempted again until it is written or [released](DueWork::release_due).
    SetAside {
        /// The current time.
        at: DateTime<Utc>,
        /// The reason, for an operator.
        reason: String,
    },
}

/// An item that waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetAsideItem {
    /// The aggregate.
    #[serde(flatten)]
    pub target: AggregateRef,
    /// Why it was set aside. The text may contain stored data.
    pub reason: String,
    /// Number of attempts.
    pub attempts: u32,
    /// When the task was due.
    pub due_at: DateTime<Utc>,
    /// When it was set aside.
    pub set_aside_at: DateTime<Utc>,
}

impl SetAsideItem {
    /// The cursor of the item in the list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let kind = self.target.kind().as_str();
        let id = self.target.id_text();
        Cursor::new(self.set_aside_at.timestamp_millis(), format_args!("{kind}/{id}"))
    }

    /// The position that [`cursor`](Self::cursor) encodes: milliseconds since 1970, and the aggregate.
    ///
    /// # Errors
    /// A [`Violation`] of `cursor` for a cursor of another list.
    pub fn place(cursor: &Cursor) -> Result<(i64, AggregateRef), Violation> {
        cursor.parts()
    }
}

/// The queue of due tasks: every write of an aggregate sets when its next task is due
/// ([`Put::due_at`](super::Put::due_at)), and workers take the tasks that are due. A write also ends a lease,
/// resets the attempts, and returns an item that was set aside to the queue.
///
/// A lease only prevents two workers from doing the same work at once. The commit guarantees that nothing
/// *takes effect* twice: work on an item is an ordinary commit at the version that was read.
///
/// The queue also works for an aggregate that cannot be read.
#[async_trait]
pub trait DueWork: Send + Sync + fmt::Debug {
    /// Leases up to `limit` items of these kinds with `due_at <= now` that have no running lease and are not
    /// set aside, oldest first. Items of other kinds cost nothing, however many are due.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; items that were leased before the failure are due again when their lease
    /// ends.
    async fn claim_due(&self, kinds: &[Kind], lease: Lease, limit: usize)
    -> Result<Vec<DueItem>, StoreError>;

    /// Counts an attempt at a leased item before it begins, so that an attempt which crashes the process is
    /// counted too, and renews the lease. `None` if the item is no longer under this lease: it was written,
    /// or another worker has it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the attempt may or may not have been counted.
    async fn begin_due(&self, item: &DueItem, lease: Lease) -> Result<Option<DueItem>, StoreError>;

    /// Records how an attempt ended. `false` if the item was no longer under this lease, so that nothing was
    /// recorded.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then the item is due again when its lease ends.
    async fn end_due(&self, item: &DueItem, end: AttemptEnd) -> Result<bool, StoreError>;

    /// Items that are set aside, newest first, then by kind and id.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_set_aside(&self, page: &PageRequest) -> Result<Page<SetAsideItem>, StoreError>;

    /// The items among `targets` that are set aside, in any order, without duplicates.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_set_aside(&self, targets: &[AggregateRef]) -> Result<Vec<SetAsideItem>, StoreError>;

    /// Returns an item that was set aside to the queue, with its original due time and no attempts. `false`
    /// if it is not set aside.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn release_due(&self, target: AggregateRef) -> Result<bool, StoreError>;
}
