//! The progress of the preparation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::transaction::Transaction;
use bson::Document;
use mongodb::Database;
use mongodb::error::Error;

use crate::codec::Aggregate;

/// The number of documents read, of an estimated total, for a progress bar in another task.
#[derive(Debug, Default)]
pub struct PrepareProgress {
    done: AtomicU64,
    total: AtomicU64,
}

impl PrepareProgress {
    /// Documents read, counted once per read.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Documents to read, by the server's estimate.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}

/// The progress inside a report; it is ignored in comparisons of reports.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(pub(super) Arc<PrepareProgress>);

impl Watch {
    /// The collections that the steps read, and how often: the users in each run, all others in the first
    /// run.
    pub(super) fn read_by_steps(first: bool) -> impl Iterator<Item = (&'static str, u64)> {
        // The opening ledger reads the transactions three times.
        let all = [(User::COLLECTION, 1), (Booking::COLLECTION, 1), (Transaction::COLLECTION, 3)];
        all.into_iter().filter(move |(collection, _)| first || *collection == User::COLLECTION)
    }

    /// Adds the estimated number of documents in these collections, each read so many times.
    pub(super) async fn expect(
        &self,
        database: &Database,
        read: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> Result<(), Error> {
        for (collection, times) in read {
            let count = database.collection::<Document>(collection).estimated_document_count().await?;
            self.0.total.fetch_add(count.saturating_mul(times), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Counts another document as read.
    pub(super) fn step(&self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }
}

impl PartialEq for Watch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Watch {}
