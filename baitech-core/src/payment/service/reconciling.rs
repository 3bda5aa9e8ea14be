//! The batches of a reconciliation. Each is one commit with the job as its primary aggregate: a process that
//! restarts repeats nothing that took effect, and of two workers at the same batch, one commits and the other
//! stops.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::{Payments, Related, webhooks::is_taken};
use crate::{
    decide::{Decision, Step, drive},
    engine::Engine,
    kernel::{Actor, Error, Id, Result, Rule, after},
    payment::{
        Pace, PendingReversal, Reconciliation, ReconciliationContent, ReconciliationPart,
        ReconciliationPhase as Phase, RefusedLine, reconcile::StatementLine,
    },
    store::Stored,
    transaction::{PaymentMethod, Proof, Transaction, TransactionNumber, TransactionStatus},
    worker::{DueTask, TaskOutcome, Worker},
};

/// The maximum number of batches committed in a row before other due tasks run.
const BATCHES_AT_ONCE: u32 = 16;

/// The maximum number of tries of a batch whose transactions keep changing.
const MAX_TRIES: u8 = 8;

/// A decision on a transaction to commit together with the job.
pub(super) type Effect = (Option<Stored<Transaction>>, DateTime<Utc>, Box<Decision<Transaction>>);

/// One item of a batch.
#[derive(Clone, Copy)]
enum Item<'a> {
    Transfer(&'a StatementLine),
    Reversal(&'a PendingReversal),
}

/// The item that a batch would commit, as reported if a rule refuses it.
struct Tried {
    /// The number of handled items of the phase, including this one.
    done: u64,
    line: u64,
    transaction: Id<Transaction>,
}

/// How the items of a batch are handled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handling {
    /// As usual.
    Plain,
    /// A provider's return is booked even if the wallet that it is taken from is empty.
    OnCredit,
}

impl Payments {
    /// Runs the due batches of a reconciliation.
    async fn run_reconciliation(&self, id: Id<Reconciliation>) -> Result<TaskOutcome> {
        let job = self.job(id).await?;
        let now = self.engine.clock.now();
        if job.next_at.is_none_or(|at| at > now) {
            return Ok(TaskOutcome::NotDue);
        }
        let seen = job.version;
        let written = self.run_batches(job).await?;
        Ok(if written.version == seen { TaskOutcome::NotDue } else { TaskOutcome::Done })
    }

    /// Commits a few batches, until the job is done or another worker continues it.
    pub(super) async fn run_batches(
        &self,
        mut job: Stored<Reconciliation>,
    ) -> Result<Stored<Reconciliation>> {
        for left in (0..BATCHES_AT_ONCE).rev() {
            if job.is_done() {
                break;
            }
            let expected = job.version.next();
            // The commit ends the worker's lease. Until the last batch, no other worker may begin.
            let hold = if left > 0 { Worker::LEASE } else { TimeDelta::zero() };
            job = self.run_batch(&job, hold).await?;
            if job.version != expected {
                break;
            }
        }
        Ok(job)
    }

    async fn run_batch(
        &self,
        job: &Stored<Reconciliation>,
        hold: TimeDelta,
    ) -> Result<Stored<Reconciliation>> {
        let mut tries = 0;
        loop {
            let written = match (job.progress.phase, &job.parts.reversals) {
                (Phase::Transfers, _) | (Phase::Reversals, Some(_)) => self.take_items(job, hold).await,
                (Phase::Reversals, None) | (Phase::Comparison, _) => self.compare(job, hold).await,
                (Phase::Marks, _) => self.mark(job, hold).await,
            };
            match written {
                Err(Error::Conflict(_)) if tries < MAX_TRIES => tries += 1,
                written => return written,
            }
        }
    }

    /// Handles lines or reversals from the job's position, up to the end of their part or to the first one
    /// that has an effect.
    async fn take_items(
        &self,
        job: &Stored<Reconciliation>,
        hold: TimeDelta,
    ) -> Result<Stored<Reconciliation>> {
        match self.try_items(job, hold, Handling::Plain).await {
            Err((error, Some(_))) if error.rule() == Some(Rule::INSUFFICIENT_FUNDS) => {}
            done => return self.unless_refused(job, hold, done).await,
        }
        let done = self.try_items(job, hold, Handling::OnCredit).await;
        self.unless_refused(job, hold, done).await
    }

    /// Returns what was committed. An item that a rule refuses is recorded and skipped, since a retry would
    /// be refused as well.
    async fn unless_refused(
        &self,
        job: &Stored<Reconciliation>,
        hold: TimeDelta,
        done: Result<Stored<Reconciliation>, (Error, Option<Tried>)>,
    ) -> Result<Stored<Reconciliation>> {
        let (error, Tried { done, line, transaction }) = match done {
            Ok(written) => return Ok(written),
            Err((error, Some(item))) if is_final(&error) => (error, item),
            Err((error, _)) => return Err(error),
        };
        self.commit_job(job, hold, |job, pace| {
            // A call of the provider has reported the same at the same time.
            if is_taken(&error) {
                return job.passed(done, pace);
            }
            let reason = error.to_string();
            job.was_refused(done, RefusedLine { line, transaction, reason }, pace)
        })
        .await
    }

    async fn try_items(
        &self,
        job: &Stored<Reconciliation>,
        hold: TimeDelta,
        handling: Handling,
    ) -> Result<Stored<Reconciliation>, (Error, Option<Tried>)> {
        let content = self.part_at(job).await.map_err(|error| (error, None))?;
        let at = Mutex::new(None);
        let step = |_| self.items_step(job, &content, hold, (handling, &at));
        let command = self.plain_command().map_err(|error| (error, None))?;
        let written = drive(&self.engine, &*self.engine.reconciliations, &command, step).await;
        written.map_err(|error| (error, at.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }

    async fn items_step(
        &self,
        seen: &Stored<Reconciliation>,
        content: &ReconciliationContent,
        hold: TimeDelta,
        (handling, at): (Handling, &Mutex<Option<Tried>>),
    ) -> Result<Step<Reconciliation>> {
        let job = self.job(seen.id).await?;
        if job.version != seen.version {
            return Ok(Step::Unchanged(job));
        }
        let (actor, mut done) = (job.submitted_by, job.progress.done);
        let note = |item| *at.lock().unwrap_or_else(PoisonError::into_inner) = item;
        for item in items_of(content).skip(place_in_part(done)) {
            done = done.saturating_add(1);
            let (line, found) = match item {
                Item::Transfer(line) => (line.line, self.awaited_transfer(&actor, line).await?),
                Item::Reversal(reversal) => (reversal.line, self.untaken_reversal(&actor, reversal).await?),
            };
            let Some(found) = found else { continue };
            note(Some(Tried { done, line, transaction: found.id }));
            let effect = match item {
                Item::Transfer(line) => self.transfer_completed(&found, line).await?,
                Item::Reversal(reversal) => {
                    self.reversal_taken(&found, reversal, handling == Handling::OnCredit).await?
                }
            };
            if let Some((over, moment, decision)) = effect {
                let pace = self.pace(moment.max(job.updated_at), hold);
                let context = self.engine.transaction_context(&Actor::System, pace.now);
                let next = job.value.clone().took_effect(done, pace);
                let next = next.with(over.as_ref(), *decision, &context);
                return Ok(Step::change(job, pace.now, next));
            }
            note(None);
        }
        if done == job.progress.done {
            return Err(misplaced(job.id, content));
        }
        let pace = self.pace(job.updated_at, hold);
        let next = job.value.clone().passed(done, pace);
        Ok(Step::change(job, pace.now, next))
    }

    /// The bank transfer that a line names, if one is awaited. A transfer of the submitter's own money is
    /// left to others.
    async fn awaited_transfer(
        &self,
        actor: &Actor,
        line: &StatementLine,
    ) -> Result<Option<Stored<Transaction>>> {
        if line.amount.is_negative() {
            return Ok(None);
        }
        let number = number_in(&line.reference).or_else(|| number_in(&line.description));
        let Some(number) = number else { return Ok(None) };
        let Some(found) = self.engine.transactions.find_transaction_by_number(&number).await? else {
            return Ok(None);
        };
        let awaited = found.method == PaymentMethod::BankTransfer
            && found.kind.is_incoming()
            && found.status.cause(TransactionStatus::Completed).is_some();
        if !awaited {
            return Ok(None);
        }
        let booking = self.load_booking(found.booking).await?;
        Ok(found
            .require_disinterested(actor, booking.map(|booking| booking.as_paid()))
            .is_ok()
            .then_some(found))
    }

    async fn transfer_completed(
        &self,
        found: &Stored<Transaction>,
        line: &StatementLine,
    ) -> Result<Option<Effect>> {
        let proof =
            Proof { receipt: Some(line.reference.clone()), amount: Some(line.amount), ..Proof::default() };
        let command = self.plain_command()?;
        let decide =
            |transaction: Transaction, related: &Related<'_>| transaction.settled(&proof, &related.context);
        Ok(effect_of(self.decide_once(&command, found.id, &decide).await?))
    }

    /// Commits a decision on the job alone, unless another worker has continued it.
    pub(super) async fn commit_job(
        &self,
        seen: &Stored<Reconciliation>,
        hold: TimeDelta,
        decide: impl Fn(Reconciliation, Pace) -> Decision<Reconciliation> + Send + Sync,
    ) -> Result<Stored<Reconciliation>> {
        let command = self.plain_command()?;
        let decide = &decide;
        let step = |_| async move {
            let job = self.job(seen.id).await?;
            if job.version != seen.version {
                return Ok(Step::Unchanged(job));
            }
            let pace = self.pace(job.updated_at, hold);
            let next = decide(job.value.clone(), pace);
            Ok(Step::change(job, pace.now, next))
        };
        drive(&self.engine, &*self.engine.reconciliations, &command, step).await
    }

    pub(super) fn pace(&self, earliest: DateTime<Utc>, hold: TimeDelta) -> Pace {
        let now = self.engine.clock.now().max(earliest);
        Pace { now, next_at: after(now, hold) }
    }

    /// The part in which the job continues.
    pub(super) async fn part_at(&self, job: &Reconciliation) -> Result<ReconciliationContent> {
        let parts = match job.progress.phase {
            Phase::Transfers => &job.parts.statement[..],
            Phase::Reversals => job.parts.reversals.as_deref().unwrap_or_default(),
            Phase::Comparison | Phase::Marks => &job.parts.marks[..],
        };
        let index = usize::try_from(job.progress.done).unwrap_or(usize::MAX) / Reconciliation::ITEMS_PER_PART;
        let Some(id) = parts.get(index) else {
            return Err(corrupt(job.id, format!("the job has no part {index} for its phase")));
        };
        self.part(*id).await
    }

    pub(super) async fn part(&self, id: Id<ReconciliationPart>) -> Result<ReconciliationContent> {
        let part = self.engine.reconciliations.load_part(id).await?;
        let part = part.ok_or_else(|| corrupt(id, "the part has expired".to_owned()))?;
        Ok(part.content)
    }
}

/// The items of a part whose transactions are handled one by one.
fn items_of(content: &ReconciliationContent) -> impl Iterator<Item = Item<'_>> {
    let (lines, reversals) = match content {
        ReconciliationContent::Lines(lines) => (&lines[..], &[][..]),
        ReconciliationContent::Reversals(reversals) => (&[][..], &reversals[..]),
        ReconciliationContent::Marks(_) | ReconciliationContent::Findings(_) => (&[][..], &[][..]),
    };
    lines.iter().map(Item::Transfer).chain(reversals.iter().map(Item::Reversal))
}

/// The index of the next item in its part.
pub(super) fn place_in_part(done: u64) -> usize {
    usize::try_from(done).unwrap_or_default() % Reconciliation::ITEMS_PER_PART
}

/// The effect that one step on a transaction would commit; `None` if it changes nothing.
pub(super) fn effect_of(step: Step<Transaction>) -> Option<Effect> {
    match step {
        Step::Unchanged(_) => None,
        Step::Commit { over, now, decision } => Some((over, now, decision)),
    }
}

/// Whether retrying an item would fail in the same way.
fn is_final(error: &Error) -> bool {
    match error {
        Error::Refused(refusal) => refusal.rule != Rule::NOT_PREPARED,
        Error::Invalid(_) | Error::NotFound { .. } | Error::Duplicate(_) | Error::Forbidden { .. } => true,
        _ => false,
    }
}

pub(super) fn corrupt(id: impl ToString, reason: String) -> Error {
    Error::Corrupt { collection: "reconciliations", id: id.to_string(), reason }
}

pub(super) fn misplaced(id: impl ToString, content: &ReconciliationContent) -> Error {
    let kind = match content {
        ReconciliationContent::Lines(_) => "lines",
        ReconciliationContent::Reversals(_) => "reversals",
        ReconciliationContent::Marks(_) => "marks",
        ReconciliationContent::Findings(_) => "findings",
    };
    corrupt(id, format!("a part contains {kind}, which do not belong to the phase"))
}

/// The transaction number in a text, if any.
fn number_in(text: &str) -> Option<TransactionNumber> {
    TransactionNumber::find_in(text)
}

#[async_trait]
impl DueTask for Reconciliation {
    async fn run_due_task(engine: &Arc<Engine>, id: Id<Self>) -> Result<TaskOutcome> {
        Payments::new(engine.clone()).run_reconciliation(id).await
    }
}
