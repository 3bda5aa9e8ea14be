//! Does what is due by itself, and passes events on.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;

use crate::{
    booking::{Bookings, PaymentMethod},
    engine::Engine,
    kernel::{Error, Result, Rule},
    payment::Payments,
    relay::EventSink,
    store::{AggregateRef, Event, Lease},
};

/// What one attempt at a due item came to.
#[derive(Debug)]
pub(crate) enum TaskOutcome {
    /// It took effect.
    Done,
    /// Somebody else had done it, or it was not due any more.
    NotDue,
    /// This process cannot do it as it is configured. The item stays due.
    Blocked(MissingProvider),
}

/// A provider that due work needs and that this process cannot use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingProvider {
    pub(crate) method: PaymentMethod,
    pub(crate) reason: String,
}

/// Due work that this process cannot do as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedItem {
    /// What is due.
    pub target: AggregateRef,
    /// The payment method whose provider is needed.
    pub method: PaymentMethod,
    /// What is wrong, for an operator.
    pub reason: String,
}

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
    /// Items that need a payment provider which this process has no configuration of. They stay due
    /// and come again when their lease ends, for this worker or for one that has the provider.
    pub blocked: usize,
    /// The same, counted by payment method.
    pub blocked_by_method: BTreeMap<PaymentMethod, usize>,
    /// The first blocked items: [`MAX_FAILURES`](Self::MAX_FAILURES) at most.
    pub blocks: Vec<BlockedItem>,
}

impl WorkDone {
    /// How many failures are told; all are counted.
    pub const MAX_FAILURES: usize = 16;

    /// Whether there was nothing to do.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.done == 0 && self.skipped == 0 && self.failed == 0 && self.blocked == 0
    }

    /// Whether all that was due is done: nothing failed, and nothing was blocked.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.failed == 0 && self.blocked == 0
    }

    fn note(&mut self, target: AggregateRef, outcome: Result<TaskOutcome>) {
        match outcome {
            Ok(TaskOutcome::Done) => self.done += 1,
            Ok(TaskOutcome::NotDue) => self.skipped += 1,
            Ok(TaskOutcome::Blocked(MissingProvider { method, reason })) => {
                self.blocked += 1;
                *self.blocked_by_method.entry(method).or_default() += 1;
                self.keep_blocks([BlockedItem { target, method, reason }]);
            }
            Err(error) if is_settled_otherwise(target, &error) => self.skipped += 1,
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
        self.blocked += other.blocked;
        for (method, count) in other.blocked_by_method {
            *self.blocked_by_method.entry(method).or_default() += count;
        }
        self.tell(other.failures);
        self.keep_blocks(other.blocks);
    }

    fn tell(&mut self, failures: impl IntoIterator<Item = (AggregateRef, Error)>) {
        let room = Self::MAX_FAILURES.saturating_sub(self.failures.len());
        self.failures.extend(failures.into_iter().take(room));
    }

    fn keep_blocks(&mut self, blocks: impl IntoIterator<Item = BlockedItem>) {
        let room = Self::MAX_FAILURES.saturating_sub(self.blocks.len());
        self.blocks.extend(blocks.into_iter().take(room));
    }
}

/// Whether an error says that the item needs nothing any more, or not yet. Any other refusal is a
/// failure: the item stays due, and money may be waiting for it.
fn is_settled_otherwise(target: AggregateRef, error: &Error) -> bool {
    match error {
        Error::Conflict(_) => true,
        // A call whose handling is refused is tried again, and is a dead letter in the end.
        Error::Refused(_) if matches!(target, AggregateRef::Webhook(_)) => false,
        // The item itself is gone. A missing user or booking of an item that is there is a failure.
        Error::NotFound { kind, id } => target.to_string() == format!("{kind} {id}"),
        Error::Refused(refusal) => matches!(
            refusal.rule,
            Rule::Transition | Rule::TooEarly | Rule::TooLate | Rule::AlreadyDecided | Rule::UnderReview
        ),
        _ => false,
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
    /// How many events a sink is given at once.
    pub const RELAYED_AT_ONCE: usize = 500;
    /// How many calls are forgotten in one write, and in one go.
    const FORGOTTEN_AT_ONCE: usize = 500;
    const MOST_FORGOTTEN: usize = 50_000;

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
                AggregateRef::Booking(id) => {
                    let done = Bookings::new(self.engine.clone()).run_next_task(id).await;
                    done.map(|done| if done { TaskOutcome::Done } else { TaskOutcome::NotDue })
                }
                AggregateRef::Transaction(id) => Payments::new(self.engine.clone()).run_next_task(id).await,
                AggregateRef::Webhook(id) => Payments::new(self.engine.clone()).handle_webhook(id).await,
                AggregateRef::User(_) => Ok(TaskOutcome::NotDue),
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

    /// Forgets calls of providers that were handled longer ago than the policy keeps them, and answers how
    /// many. Calls that wait and dead letters stay. Call it now and then.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; the rest is forgotten the next time.
    pub async fn forget_expired(&self) -> Result<usize> {
        let now = self.engine.clock.now();
        let mut forgotten: usize = 0;
        for _ in 0..Self::MOST_FORGOTTEN / Self::FORGOTTEN_AT_ONCE {
            let count = self.engine.webhooks.forget_expired_webhooks(now, Self::FORGOTTEN_AT_ONCE).await?;
            forgotten = forgotten.saturating_add(count);
            if count < Self::FORGOTTEN_AT_ONCE {
                break;
            }
        }
        Ok(forgotten)
    }

    /// Hands events that nobody has acknowledged to a sink, in batches, and acknowledges each batch that
    /// the sink has taken over. Goes on until there are none, and answers how many there were. The
    /// outbox grows until somebody relays it: call this in every round of a worker.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the store or the sink fails; the batch at hand comes again.
    pub async fn relay_events(&self, sink: &dyn EventSink) -> Result<usize> {
        let mut relayed: usize = 0;
        loop {
            let events = self.pending_events(Self::RELAYED_AT_ONCE).await?;
            if events.is_empty() {
                return Ok(relayed);
            }
            let taken = sink.deliver(&events).await;
            taken.map_err(|error| Error::Unavailable { reason: error.to_string() })?;
            self.acknowledge_events(&events).await?;
            relayed = relayed.saturating_add(events.len());
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
