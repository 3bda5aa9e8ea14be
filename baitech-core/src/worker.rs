//! Does what is due by itself, and passes events on.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;

use crate::{
    booking::{Bookings, PaymentMethod},
    engine::Engine,
    kernel::{Error, Result, Rule, after, back_off},
    payment::Payments,
    relay::EventSink,
    store::{AggregateRef, AttemptEnd, DueItem, Event, Lease},
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
    /// Items that failed. They come again after a while, except those that were set aside.
    pub failed: usize,
    /// Of the items that failed, those that are not attempted any more: they cannot be read, or have failed
    /// [`Worker::MAX_ATTEMPTS`] times. [`Operations`](crate::Operations) lists them.
    pub set_aside: usize,
    /// The first of those that failed, each with the reason: [`MAX_FAILURES`](Self::MAX_FAILURES) at most.
    /// Reasons are for operators, not for clients.
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

    fn note(&mut self, target: AggregateRef, outcome: TaskOutcome) {
        match outcome {
            TaskOutcome::Done => self.done += 1,
            TaskOutcome::NotDue => self.skipped += 1,
            TaskOutcome::Blocked(MissingProvider { method, reason }) => {
                self.blocked += 1;
                *self.blocked_by_method.entry(method).or_default() += 1;
                self.keep_blocks([BlockedItem { target, method, reason }]);
            }
        }
    }

    fn note_failure(&mut self, target: AggregateRef, error: Error) {
        self.failed += 1;
        self.tell([(target, error)]);
    }

    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.set_aside += other.set_aside;
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
            Rule::TRANSITION | Rule::TOO_EARLY | Rule::TOO_LATE | Rule::ALREADY_DECIDED | Rule::UNDER_REVIEW
        ),
        _ => false,
    }
}

/// Takes due work from the store and does it: expired offers, unpaid bookings, silent customers, reminders,
/// series.
///
/// Several workers may run in several processes. Each takes what nobody else holds a lease on; and since all
/// that it does is committed at the version that it read, nothing takes effect twice even when a lease runs
/// out during the work.
#[derive(Debug, Clone)]
pub struct Worker {
    engine: Arc<Engine>,
}

impl Worker {
    /// How long a worker keeps an item to itself.
    pub const LEASE: TimeDelta = TimeDelta::seconds(60);
    /// How often an item is attempted that fails. Then it is set aside.
    pub const MAX_ATTEMPTS: u32 = 24;
    /// How long an item that fails waits at most after the first attempt; twice as long after each further
    /// one …
    const FIRST_WAIT: TimeDelta = Self::LEASE;
    /// … but no longer than this: 24 attempts take about four days.
    const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);
    /// The most characters of a reason that is kept.
    const MAX_REASON: usize = 500;
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
    /// An item that fails comes again after a minute, then after ever longer waits, and is set aside after
    /// [`MAX_ATTEMPTS`](Self::MAX_ATTEMPTS). One that cannot be read is set aside at once.
    /// [`Operations`](crate::Operations) lists what is set aside and has it attempted again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the queue cannot be read; an item that fails is told in
    /// [`WorkDone::failures`] and does not stop the others.
    pub async fn run_due(&self, limit: usize) -> Result<WorkDone> {
        let mut work = WorkDone::default();
        for item in self.engine.due_work.claim_due(self.lease(), limit).await? {
            // Counted one by one: an item that ends the process takes no attempt from those behind it.
            let begun = match self.engine.due_work.begin_due(&item, self.lease()).await {
                Ok(Some(begun)) => begun,
                Ok(None) => {
                    work.skipped += 1;
                    continue;
                }
                Err(error) => {
                    work.note_failure(item.target, error.into());
                    continue;
                }
            };
            let outcome = if begun.attempts > Self::MAX_ATTEMPTS {
                let reason = format!("the process ended during the last of {} attempts", Self::MAX_ATTEMPTS);
                Err(Error::Internal { reason })
            } else {
                self.attempt(begun.target).await
            };
            self.conclude(&begun, outcome, &mut work).await;
        }
        Ok(work)
    }

    fn lease(&self) -> Lease {
        Lease { now: self.engine.clock.now(), length: Self::LEASE }
    }

    async fn attempt(&self, target: AggregateRef) -> Result<TaskOutcome> {
        match target {
            AggregateRef::Booking(id) => {
                let done = Bookings::new(self.engine.clone()).run_next_task(id).await?;
                Ok(if done { TaskOutcome::Done } else { TaskOutcome::NotDue })
            }
            AggregateRef::Transaction(id) => Payments::new(self.engine.clone()).run_next_task(id).await,
            AggregateRef::Webhook(id) => Payments::new(self.engine.clone()).handle_webhook(id).await,
            AggregateRef::Reconciliation(id) => {
                Payments::new(self.engine.clone()).run_reconciliation(id).await
            }
            AggregateRef::User(_) => Ok(TaskOutcome::NotDue),
        }
    }

    /// Tells the queue how an attempt ended, and notes it.
    async fn conclude(&self, item: &DueItem, outcome: Result<TaskOutcome>, work: &mut WorkDone) {
        let target = item.target;
        let (end, failure) = match outcome {
            Ok(outcome) => {
                work.note(target, outcome);
                (AttemptEnd::Forgotten, None)
            }
            Err(error) if is_settled_otherwise(target, &error) => {
                work.skipped += 1;
                (AttemptEnd::Forgotten, None)
            }
            Err(error) => (self.after_failure(item, &error), Some(error)),
        };
        // Almost always the attempt has written the item, or somebody else has. What has not is forgiven at
        // its second attempt.
        let is_known = failure.is_none() && item.attempts <= 1;
        let is_set_aside = matches!(end, AttemptEnd::SetAside { .. });
        let ended = if is_known { Ok(false) } else { self.engine.due_work.end_due(item, end).await };
        if let Some(error) = failure {
            if is_set_aside && matches!(ended, Ok(true)) {
                tracing::error!(%target, %error, "due work is set aside until an operator retries it");
                work.set_aside += 1;
            }
            work.note_failure(target, error);
        }
        if let Err(error) = ended {
            tracing::warn!(%target, %error, "due work comes again when its lease ends");
        }
    }

    fn after_failure(&self, item: &DueItem, error: &Error) -> AttemptEnd {
        let now = self.engine.clock.now();
        if error.rule() == Some(Rule::NOT_PREPARED) {
            return AttemptEnd::Forgotten;
        }
        // A repetition does not make a document readable.
        if item.attempts >= Self::MAX_ATTEMPTS || matches!(error, Error::Corrupt { .. }) {
            let reason = error.to_string().chars().take(Self::MAX_REASON).collect();
            return AttemptEnd::SetAside { at: now, reason };
        }
        let waits = (Self::FIRST_WAIT, Self::LONGEST_WAIT);
        AttemptEnd::Retry { at: after(now, back_off(waits, item.attempts, &*self.engine.entropy)) }
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

    /// Forgets calls of providers that were handled longer ago than the policy keeps them, and the lines and
    /// findings of statements that were handed in longer ago, and answers how many documents. Calls that wait
    /// and dead letters stay, and so do the counts of reconciliations. Call it now and then.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; the rest is forgotten the next time.
    pub async fn forget_expired(&self) -> Result<usize> {
        let now = self.engine.clock.now();
        let mut forgotten: usize = 0;
        let (mut calls, mut parts) = (true, true);
        for _ in 0..Self::MOST_FORGOTTEN / Self::FORGOTTEN_AT_ONCE {
            if calls {
                let count =
                    self.engine.webhooks.forget_expired_webhooks(now, Self::FORGOTTEN_AT_ONCE).await?;
                forgotten = forgotten.saturating_add(count);
                calls = count >= Self::FORGOTTEN_AT_ONCE;
            }
            if parts {
                let reconciliations = &self.engine.reconciliations;
                let count = reconciliations.forget_expired_parts(now, Self::FORGOTTEN_AT_ONCE).await?;
                forgotten = forgotten.saturating_add(count);
                parts = count >= Self::FORGOTTEN_AT_ONCE;
            }
            if !calls && !parts {
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
