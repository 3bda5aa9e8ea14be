//! Runs due tasks, numbers events, and runs consumers of the log.

mod consuming;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    decide::Aggregate,
    engine::Engine,
    kernel::{Error, Id, Kind, Result, Rule, after, back_off},
    store::{AggregateRef, AttemptEnd, DueItem, Lease},
    transaction::PaymentMethod,
};

/// Result of one attempt at a due item.
#[derive(Debug)]
pub(crate) enum TaskOutcome {
    /// It took effect.
    Done,
    /// It was done elsewhere meanwhile, or was no longer due.
    NotDue,
    /// This process lacks the configuration to do it. The item stays due.
    Blocked(MissingProvider),
}

/// An aggregate in the queue of due work.
#[async_trait]
pub(crate) trait DueTask: Aggregate {
    /// Runs the task that is due, and commits its result. An error means a failed attempt, except for errors
    /// which say that the task needs no work now: the worker knows these ([`is_settled_otherwise`]).
    async fn run_due_task(engine: &Arc<Engine>, id: Id<Self>) -> Result<TaskOutcome>;
}

/// A provider that a due item needs and that this process cannot use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingProvider {
    pub(crate) method: PaymentMethod,
    pub(crate) reason: String,
}

/// Due work for which this process lacks the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedItem {
    /// The due aggregate.
    pub target: AggregateRef,
    /// The payment method whose provider is needed.
    pub method: PaymentMethod,
    /// The problem, for an operator.
    pub reason: String,
}

/// What a run of the worker did.
#[derive(Debug, Default)]
pub struct WorkDone {
    /// Items that took effect.
    pub done: usize,
    /// Items that were done elsewhere meanwhile, or that were no longer due.
    pub skipped: usize,
    /// Items that failed. They are retried later, except those that were set aside.
    pub failed: usize,
    /// Number of failed items that are no longer attempted: they cannot be read, or have failed
    /// [`Worker::MAX_ATTEMPTS`] times. [`Operations`](crate::Operations) lists them.
    pub set_aside: usize,
    /// The first failed items, each with its reason: at most [`MAX_FAILURES`](Self::MAX_FAILURES). Reasons
    /// are for operators, not for clients.
    pub failures: Vec<(AggregateRef, Error)>,
    /// Items whose payment provider is not configured in this process. They stay due: when their lease ends,
    /// this worker or one that has the provider takes them again.
    pub blocked: usize,
    /// Blocked items by payment method.
    pub blocked_by_method: BTreeMap<PaymentMethod, usize>,
    /// The first blocked items: at most [`MAX_FAILURES`](Self::MAX_FAILURES).
    pub blocks: Vec<BlockedItem>,
}

impl WorkDone {
    /// Maximum number of failures kept; `failed` counts all.
    pub const MAX_FAILURES: usize = 16;

    /// Whether there was nothing to do.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.done == 0 && self.skipped == 0 && self.failed == 0 && self.blocked == 0
    }

    /// Whether all due work is done: nothing failed, and nothing was blocked.
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
        self.keep_failures([(target, error)]);
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
        self.keep_failures(other.failures);
        self.keep_blocks(other.blocks);
    }

    fn keep_failures(&mut self, failures: impl IntoIterator<Item = (AggregateRef, Error)>) {
        let room = Self::MAX_FAILURES.saturating_sub(self.failures.len());
        self.failures.extend(failures.into_iter().take(room));
    }

    fn keep_blocks(&mut self, blocks: impl IntoIterator<Item = BlockedItem>) {
        let room = Self::MAX_FAILURES.saturating_sub(self.blocks.len());
        self.blocks.extend(blocks.into_iter().take(room));
    }
}

/// Whether an error means that the item needs no work now. Any other refusal is a failure: the item stays
/// due, because money may depend on it.
fn is_settled_otherwise(target: AggregateRef, error: &Error) -> bool {
    match error {
        Error::Conflict(_) => true,
        // A refused webhook call is retried, and finally becomes a dead letter.
        Error::Refused(_) if matches!(target, AggregateRef::Webhook(_)) => false,
        // Only a missing target settles the item. It is a failure if a user or booking that it refers to is
        // missing.
        Error::NotFound { kind, id } => target.to_string() == format!("{kind} {id}"),
        Error::Refused(refusal) => matches!(
            refusal.rule,
            Rule::TRANSITION | Rule::TOO_EARLY | Rule::TOO_LATE | Rule::ALREADY_DECIDED | Rule::UNDER_REVIEW
        ),
        _ => false,
    }
}

/// Takes due work from the store and does it: expired offers, unpaid bookings, customers who do not respond,
/// reminders, recurring bookings.
///
/// Several workers may run in several processes. Each takes only items without a running lease. Every commit
/// requires the version that was read, so nothing takes effect twice, even if a lease expires during the
/// work.
#[derive(Debug, Clone)]
pub struct Worker {
    engine: Arc<Engine>,
}

impl Worker {
    /// Duration of the lease on an item.
    pub const LEASE: TimeDelta = TimeDelta::seconds(60);
    /// Maximum number of attempts at a failing item. Then it is set aside.
    pub const MAX_ATTEMPTS: u32 = 24;
    /// Maximum wait after the first failed attempt. It doubles with each further attempt …
    const FIRST_WAIT: TimeDelta = Self::LEASE;
    /// … up to this limit: 24 attempts take about four days.
    const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);
    /// Maximum length of a stored reason, in characters.
    const MAX_REASON: usize = 500;
    /// Maximum number of documents that one write deletes, and that one call deletes.
    const FORGOTTEN_AT_ONCE: usize = 500;
    const MOST_FORGOTTEN: usize = 50_000;

    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Runs up to `limit` due items. Call it again until it is idle, then wait a little.
    ///
    /// A failing item is retried after a minute, then after increasing waits, and is set aside after
    /// [`MAX_ATTEMPTS`](Self::MAX_ATTEMPTS). An item that cannot be read is set aside at once.
    /// [`Operations`](crate::Operations) lists the items that are set aside and makes them due again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the queue cannot be read. A failing item does not stop the others;
    /// [`WorkDone::failures`] reports it.
    pub async fn run_due(&self, limit: usize) -> Result<WorkDone> {
        self.run_due_of(Kind::ALL, limit).await
    }

    /// Like [`run_due`](Self::run_due), for items of some kinds only.
    ///
    /// Give each kind a loop of its own where one kind may be slow: while a payment provider does not answer,
    /// due work of transactions waits for it, and the loop for bookings goes on. Several loops of one kind
    /// share its items.
    ///
    /// # Errors
    /// As [`run_due`](Self::run_due).
    pub async fn run_due_of(&self, kinds: &[Kind], limit: usize) -> Result<WorkDone> {
        let mut work = WorkDone::default();
        for item in self.engine.store.claim_due(kinds, self.lease(), limit).await? {
            // Attempts are counted one by one, so that an item that crashes the process uses up no attempts
            // of later items.
            let begun = match self.engine.store.begin_due(&item, self.lease()).await {
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
                let reason =
                    format!("the process crashed during the last of {} attempts", Self::MAX_ATTEMPTS);
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
        macro_rules! run {
            ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
                match target { $(AggregateRef::$Arm(id) => <$Type>::run_due_task(&self.engine, id).await,)+ }
            };
        }
        crate::for_each_aggregate!(run)
    }

    /// Records how an attempt ended, in the queue and in `work`.
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
        // After a first attempt without an error, this process or another has almost always written the item,
        // so the queue needs no update. An item that was not written has its attempts reset after its second
        // attempt.
        let is_known = failure.is_none() && item.attempts <= 1;
        let is_set_aside = matches!(end, AttemptEnd::SetAside { .. });
        let ended = if is_known { Ok(false) } else { self.engine.store.end_due(item, end).await };
        if let Some(error) = failure {
            if is_set_aside && matches!(ended, Ok(true)) {
                tracing::error!(%target, %error, "due work was set aside until an operator retries it");
                work.set_aside += 1;
            }
            work.note_failure(target, error);
        }
        if let Err(error) = ended {
            tracing::warn!(%target, %error, "the end of an attempt was not recorded; its lease has to expire");
        }
    }

    fn after_failure(&self, item: &DueItem, error: &Error) -> AttemptEnd {
        let now = self.engine.clock.now();
        if error.rule() == Some(Rule::NOT_PREPARED) {
            return AttemptEnd::Forgotten;
        }
        // A retry does not make a document readable.
        if item.attempts >= Self::MAX_ATTEMPTS || matches!(error, Error::Corrupt { .. }) {
            let reason = error.to_string().chars().take(Self::MAX_REASON).collect();
            return AttemptEnd::SetAside { at: now, reason };
        }
        let waits = (Self::FIRST_WAIT, Self::LONGEST_WAIT);
        AttemptEnd::Retry { at: after(now, back_off(waits, item.attempts, &*self.engine.entropy)) }
    }

    /// Runs due items until none is left.
    ///
    /// # Errors
    /// As [`run_due`](Self::run_due).
    pub async fn run_until_idle(&self) -> Result<WorkDone> {
        let mut total = WorkDone::default();
        loop {
            let work = self.run_due(64).await?;
            // Skipped and failed items stay leased for a while, and others may wait behind them.
            if work.is_idle() {
                return Ok(total);
            }
            total.add(work);
        }
    }

    /// Deletes handled webhook calls and the lines and findings of old provider statements once the policy's
    /// retention time is over. Returns the number of deleted documents. Pending calls, dead letters and the
    /// totals of reconciliations are kept. Call it now and then.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; the next call deletes the rest.
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
}
