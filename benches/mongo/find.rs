//! One booking by its id.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use baitech::{
    booking::Booking,
    kernel::Id,
    store::{Load, Stored},
};
use bson::{doc, oid::ObjectId};

use crate::{Result, history::History, rivals::Rivals};

#[derive(Debug)]
pub(crate) struct Find {
    history: Arc<History>,
    next: AtomicUsize,
}

impl Find {
    pub(crate) fn new(history: &Arc<History>) -> Self {
        Self { history: Arc::clone(history), next: AtomicUsize::new(0) }
    }
}

impl Rivals for Find {
    const NAME: &'static str = "find";
    const GOAL: Option<f64> = Some(1.05);
    type ForStore = Id<Booking>;
    type ForDriver = Id<Booking>;

    /// Both sides read the same booking, a different one in every round.
    async fn prepare(&self, rounds: u64) -> Result<Vec<(Id<Booking>, Id<Booking>)>> {
        let rounds = usize::try_from(rounds)?;
        let first = self.next.fetch_add(rounds, Ordering::Relaxed) % self.history.ids.len();
        Ok(self.history.ids.iter().cycle().skip(first).take(rounds).map(|id| (*id, *id)).collect())
    }

    async fn by_store(&self, id: Id<Booking>) -> Result<()> {
        let found: Option<Stored<Booking>> = self.history.store.load(id).await?;
        black_box(found.ok_or("no such booking")?);
        Ok(())
    }

    async fn by_driver(&self, id: Id<Booking>) -> Result<()> {
        let filter = doc! { "_id": ObjectId::from_bytes(id.to_bytes()) };
        let found = self.history.bookings().find_one(filter).await?;
        black_box(found.ok_or("no such booking")?);
        Ok(())
    }
}
