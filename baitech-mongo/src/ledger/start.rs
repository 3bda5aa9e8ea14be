//! Beginning to keep balances beside entries that have none.
//!
//! Until it is written down that balances run, nothing is booked: the sums of all entries are the same
//! whoever sums them up, and however often. They are only ever inserted, so that somebody who is late changes
//! nothing that has been counted on since.

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

/// By which it is written down that balances run with the postings.
const MARKER: &str = "balances";

/// So many balances go to the server together.
const BATCH: usize = 1_000;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Reading,
    /// From then on, balances run.
    Booking,
}

impl MongoStore {
    /// Sums up the ledger where that has not been done. An empty one is only marked when something is to be
    /// booked: somebody may still restore another one in its place.
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
                tracing::info!("summing up the ledger");
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
