//! Does what is due by itself, and passes events on.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::{
    booking::Bookings,
    engine::Engine,
    kernel::{Error, Result, Rule},
    payment::Payments,
    store::{AggregateRef, Event, Lease},
};

/// What a worker has done.
#[derive(Debug, Default)]
pub struct WorkDone {
    /// Items that took effect.
    pub done: usize,
    /// Items that somebody else had done meanwhile, or that were no longer due.
    pub skipped: usize,
    /// Items that failed; they come again when their lease has run out.
    pub failed: usize,
    /// The first of those that failed, each with the reason: [`MAX_FAILURES`](Self::MAX_FAILURES) at most. Reasons are for
    /// operators, not for clients.
    pub failures: Vec<(AggregateRef, Error)>,
}

impl WorkDone {
    /// How many failures are told; all are counted.
    pub const MAX_FAILURES: usize = 16;

    /// Whether there was nothing to do.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.done == 0 && self.skipped == 0 && self.failed == 0
    }

    fn note(&mut self, target: AggregateRef, outcome: Result<bool>) {
        match outcome {
            Ok(true) => self.done += 1,
            Ok(false) | Err(Error::Conflict(_) | Error::NotFound { .. }) => self.skipped += 1,
            // A rule that says no says that this is no longer to be done; a store that must be prepared wants an operator.
            Err(Error::Refused(refusal)) if refusal.rule != Rule::NotPrepared => self.skipped += 1,
            Err(error) => {
                self.failed += 1;
                self.tell([(target, error)]);
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.tell(other.failures);
    }

    fn tell(&mut self, failures: impl IntoIterator<Item = (AggregateRef, Error)>) {
        let room = Self::MAX_FAILURES.saturating_sub(self.failures.len());
        self.failures.extend(failures.into_iter().take(room));
    }
}

/// Takes due work from the store and does it: expired offers, unpaid bookings, silent customers, reminders, series.
///
/// Several workers may run in several processes. Each takes what nobody else holds a lease on; and since all that it does is
/// committed at the version that it read, nothing takes effect twice even when a lease runs out during the work.
#[derive(Debug, Clone)]
pub struct Worker {
    engine: Arc<Engine>,
}

impl Worker {
    /// How long a worker keeps an item to itself.
    pub const LEASE: TimeDelta = TimeDelta::seconds(60);

    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Does up to `limit` of what is due now. Call it again until it is idle, then wait a little.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the queue cannot be read; an item that fails is told in
    /// [`WorkDone::failures`] and does not stop the others.
    pub async fn run_due(&self, limit: usize) -> Result<WorkDone> {
        let lease = Lease { now: self.engine.clock.now(), length: Self::LEASE };
        let mut work = WorkDone::default();
        for item in self.engine.due_work.claim_due(lease, limit).await? {
            let outcome = match item.target {
                AggregateRef::Booking(id) => Bookings::new(self.engine.clone()).run_next_task(id).await,
                AggregateRef::Transaction(id) => Payments::new(self.engine.clone()).run_next_task(id).await,
                AggregateRef::Webhook(id) => Payments::new(self.engine.clone()).handle_webhook(id).await,
                AggregateRef::User(_) => Ok(false),
            };
            work.note(item.target, outcome);
        }
        Ok(work)
    }

    /// Does what is due until nothing is.
    ///
    /// # Errors
    /// As [`run_due`](Self::run_due).
    pub async fn run_until_idle(&self) -> Result<WorkDone> {
        let mut total = WorkDone::default();
        loop {
            let work = self.run_due(64).await?;
            // What was skipped or has failed is leased for a while, and others may wait behind it.
            if work.is_idle() {
                return Ok(total);
            }
            total.add(work);
        }
    }

    /// Events that nobody has acknowledged, for the one relay that passes them on.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn pending_events(&self, limit: usize) -> Result<Vec<Event>> {
        Ok(self.engine.outbox.pending_events(limit).await?)
    }

    /// Takes events off the list, once every consumer has them.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; then they come again.
    pub async fn acknowledge_events(&self, events: &[Event]) -> Result<()> {
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        Ok(self.engine.outbox.acknowledge_events(&ids).await?)
    }
}
