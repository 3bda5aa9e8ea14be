//! Starts running balances for a ledger without them.
//!
//! Until the marker of running balances is stored, nothing is posted, so every process computes the same
//! sums. The sums are only inserted, so that a late process does not overwrite balances that are already in
//! use.

use std::sync::atomic::Ordering;

use bson::{RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::error::Error;

use super::balance::BalanceDocument;
use super::reader::{Sum, sums_of_postings};
use super::{BALANCES, COLLECTION};
use crate::MongoStore;
use crate::prepare;
use crate::server_error::only_duplicates;

/// The marker in `migrations` that balances are running.
const MARKER: &str = "balances";

/// The number of balances in one command.
const BATCH: usize = 1_000;

/// The next operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Reading,
    /// A commit that posts.
    Booking,
}

impl MongoStore {
    /// Sums the ledger if that was not done. An empty ledger is marked only before the first posting, since
    /// another one may still be restored in its place.
    pub(crate) async fn start_balances(&self, next: Before) -> Result<(), Error> {
        if self.balances_run.load(Ordering::Acquire) {
            return Ok(());
        }
        if !prepare::is_marked(self.database(), MARKER).await? {
            let first = self.raw(COLLECTION).find_one(doc! {}).sort(doc! { "_id": 1 }).await?;
            let is_empty = first.is_none();
            if is_empty && next == Before::Reading {
                return Ok(());
            }
            if !is_empty {
                tracing::info!("computing the running balances of the ledger");
                self.sum_up().await?;
            }
            prepare::mark(self.database(), MARKER).await?;
        }
        self.balances_run.store(true, Ordering::Release);
        Ok(())
    }

    async fn sum_up(&self) -> Result<(), Error> {
        let ledger = self.raw(COLLECTION);
        let sums = ledger.aggregate(sums_of_postings()).allow_disk_use(true);
        let mut sums = sums.with_type::<Sum>().await?;
        let mut batch = Vec::new();
        while let Some(Sum { of, sum }) = sums.try_next().await? {
            batch.push(BalanceDocument::whole(of.account, of.currency, sum));
            if batch.len() >= BATCH {
                self.insert_balances(&std::mem::take(&mut batch)).await?;
            }
        }
        self.insert_balances(&batch).await
    }

    async fn insert_balances(&self, balances: &[BalanceDocument]) -> Result<(), Error> {
        if balances.is_empty() {
            return Ok(());
        }
        let documents: Vec<RawDocumentBuf> =
            balances.iter().map(bson::serialize_to_raw_document_buf).collect::<Result<_, _>>()?;
        match self.raw(BALANCES).insert_many(documents).ordered(false).await {
            Ok(_) => Ok(()),
            Err(error) => only_duplicates(error).map(drop),
        }
    }
}
