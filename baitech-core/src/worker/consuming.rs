//! Numbers events, and runs consumers of the log.

use chrono::TimeDelta;

use super::Worker;
use crate::{
    consumer::{Consumer, ConsumerError, ConsumerRun, LoggedEvent},
    kernel::{Result, after, back_off},
    store::{
        ChangeSet, Committed, Consumed, ConsumedStep, ConsumerCursor, ConsumingEnd, LogEntry, LogToken,
        ParkedEvent, Seq, StoreError,
    },
};

/// The number of events that are numbered in one step, and read from the log at once.
const AT_ONCE: usize = 500;
/// The number of events that are deleted from the log in one step.
const TRIMMED_AT_ONCE: usize = 1_000;
/// How often changes are decided anew after a conflict, before the attempt counts as failed.
const DECIDED_ANEW: usize = 20;

impl Worker {
    /// Maximum number of attempts of a consumer at one event. Then the event is parked.
    pub const MAX_CONSUMER_ATTEMPTS: u32 = 10;
    /// The wait after a consumer's first failed attempt at one event. It doubles with each further one …
    const FIRST_CONSUMER_WAIT: TimeDelta = TimeDelta::seconds(1);
    /// … up to this limit: ten attempts take about six minutes.
    const LONGEST_CONSUMER_WAIT: TimeDelta = TimeDelta::minutes(2);

    /// Numbers all committed events that have no number yet, and returns how many. Consumers see an event
    /// once it has a number: call this in every round of a worker.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::kernel::Error::Unavailable).
    pub async fn number_events(&self) -> Result<usize> {
        let mut numbered: usize = 0;
        loop {
            match self.engine.store.number_events(AT_ONCE).await? {
                0 => return Ok(numbered),
                count => numbered = numbered.saturating_add(count),
            }
        }
    }

    /// Waits until events may have been committed that have no number yet. Limit the wait, and number events
    /// afterwards in any case.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::kernel::Error::Unavailable) if the store cannot notice commits at
    /// present.
    pub async fn events_committed(&self) -> Result<()> {
        Ok(self.engine.store.events_committed().await?)
    }

    /// Deletes events from the log that are older than the policy's
    /// [`event_retention`](crate::booking::BookingPolicy::event_retention) and that every consumer has read.
    /// Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::kernel::Error::Unavailable); the next call deletes the rest.
    pub async fn trim_log(&self) -> Result<usize> {
        let before = after(self.engine.clock.now(), -self.engine.policy.event_retention);
        let mut trimmed: usize = 0;
        loop {
            let count = self.engine.store.trim_log(before, TRIMMED_AT_ONCE).await?;
            trimmed = trimmed.saturating_add(count);
            if count < TRIMMED_AT_ONCE {
                return Ok(trimmed);
            }
        }
    }

    /// Runs a consumer until it has read the whole log, after the parked events whose retry an operator
    /// requested.
    ///
    /// A failing event is retried after a second, then after increasing waits, and is parked after
    /// [`MAX_CONSUMER_ATTEMPTS`](Self::MAX_CONSUMER_ATTEMPTS). An event that cannot be read is parked at
    /// once. The consumer goes on with the next event. [`Operations`](crate::Operations) lists parked events
    /// and retries them.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::kernel::Error::Unavailable) if the store fails. A failure of the
    /// consumer is not an error: see [`ConsumerRun::failure`].
    pub async fn consume(&self, consumer: &dyn Consumer) -> Result<ConsumerRun> {
        let mut run = ConsumerRun::default();
        self.recover(consumer, &mut run).await?;
        // Up to here, events are handled one by one, since a batch of them has failed.
        let mut one_by_one = Seq::START;
        let mut begun: Option<ConsumerCursor> = None;
        loop {
            let cursor = match begun {
                Some(cursor) => cursor,
                None => self.engine.store.open_consumer(consumer.name(), consumer.start()).await?,
            };
            let entries = self.unread(&cursor).await?;
            if entries.is_empty() {
                // Another process has read the rest since this one looked: new events must not wait for the
                // lease.
                if let Some(leased) = begun {
                    self.engine.store.end_consuming(&leased, ConsumingEnd::Released).await?;
                }
                return Ok(run);
            }
            if begun.is_none() {
                let Some(leased) = self.engine.store.begin_consuming(consumer.name(), self.lease()).await?
                else {
                    run.is_busy = true;
                    return Ok(run);
                };
                begun = Some(leased);
                if leased.seq != cursor.seq {
                    continue;
                }
            }
            let cursor = begun.unwrap_or(cursor);
            let most = if cursor.attempts > 1 || cursor.seq < one_by_one { 1 } else { consumer.batch() };
            match self.attempt_events(consumer, &cursor, &entries, most).await {
                Ok(Attempt::Handled { count, next }) => {
                    run.handled = run.handled.saturating_add(count);
                    begun = next;
                    if begun.is_none() && entries.len() < AT_ONCE {
                        return Ok(run);
                    }
                }
                Ok(Attempt::Parked) => {
                    run.parked = run.parked.saturating_add(1);
                    begun = None;
                }
                Ok(Attempt::BatchFailed { last }) => {
                    one_by_one = last;
                    // The attempts stay counted, so that the events are handled one by one after a crash too.
                    let at = self.engine.clock.now();
                    self.engine.store.end_consuming(&cursor, ConsumingEnd::Retry { at }).await?;
                    begun = None;
                }
                Ok(Attempt::Failed { reason }) => {
                    let waits = (Self::FIRST_CONSUMER_WAIT, Self::LONGEST_CONSUMER_WAIT);
                    let wait = back_off(waits, cursor.attempts, &*self.engine.entropy);
                    let at = after(self.engine.clock.now(), wait);
                    self.engine.store.end_consuming(&cursor, ConsumingEnd::Retry { at }).await?;
                    tracing::warn!(consumer = %consumer.name(), after = %cursor.seq, reason, "a consumer failed");
                    run.failure = Some(reason);
                    return Ok(run);
                }
                Ok(Attempt::Overtaken) => {
                    run.is_busy = true;
                    return Ok(run);
                }
                Err(error) => {
                    // The events are not the cause. If this fails too, the lease has to expire.
                    let released = self.engine.store.end_consuming(&cursor, ConsumingEnd::Released).await;
                    if let Err(error) = released {
                        tracing::warn!(consumer = %consumer.name(), %error, "the lease of a consumer has to expire");
                    }
                    return Err(error.into());
                }
            }
        }
    }

    /// The events after a cursor.
    async fn unread(&self, cursor: &ConsumerCursor) -> Result<Vec<LogEntry>> {
        let LogToken { epoch, .. } = self.engine.store.log_state().await?.end();
        Ok(self.engine.store.read_log(LogToken { epoch, seq: cursor.seq }, AT_ONCE).await?)
    }

    /// One attempt at the first `most` events after a cursor.
    async fn attempt_events(
        &self,
        consumer: &dyn Consumer,
        cursor: &ConsumerCursor,
        entries: &[LogEntry],
        most: usize,
    ) -> std::result::Result<Attempt, StoreError> {
        let readable = entries.iter().map_while(|entry| {
            let event = entry.event.as_ref().ok()?.clone();
            Some(LoggedEvent { seq: entry.seq, event })
        });
        let events: Vec<LoggedEvent> = readable.take(most.max(1)).collect();
        let Some(last) = events.last().map(|event| event.seq) else {
            let reason =
                entries.first().and_then(|entry| entry.event.as_ref().err()).map(ToString::to_string);
            return self.park(consumer, cursor, reason.unwrap_or_default()).await;
        };
        if cursor.attempts > Self::MAX_CONSUMER_ATTEMPTS {
            let attempts = Self::MAX_CONSUMER_ATTEMPTS;
            let reason = format!("the process crashed during the last of {attempts} attempts");
            return self.park(consumer, cursor, reason).await;
        }
        let lease = (events.len() < entries.len()).then(|| self.lease());
        let step = ConsumedStep::Handled { from: cursor.seq, to: last, next: lease };
        match self.handle(consumer, &events, step).await? {
            Handling::Committed => {
                let next = lease.map(|lease| ConsumerCursor {
                    seq: last,
                    attempts: 1,
                    leased_until: Some(lease.until()),
                    ..*cursor
                });
                Ok(Attempt::Handled { count: events.len(), next })
            }
            Handling::Overtaken => Ok(Attempt::Overtaken),
            Handling::Failed(_) if events.len() > 1 => Ok(Attempt::BatchFailed { last }),
            Handling::Failed(ConsumerError { reason, may_be_retried }) => {
                if may_be_retried && cursor.attempts < Self::MAX_CONSUMER_ATTEMPTS {
                    return Ok(Attempt::Failed { reason });
                }
                self.park(consumer, cursor, reason).await
            }
        }
    }

    async fn park(
        &self,
        consumer: &dyn Consumer,
        cursor: &ConsumerCursor,
        reason: String,
    ) -> std::result::Result<Attempt, StoreError> {
        let (name, from, at) = (consumer.name(), cursor.seq, self.engine.clock.now());
        tracing::error!(consumer = %name, seq = %from.next(), reason, "an event was parked until an operator retries it");
        let reason = reason.chars().take(Self::MAX_REASON).collect();
        let step = ConsumedStep::Parked { from, reason, at };
        let consumed = Some(Consumed { consumer: name, step });
        match self.engine.store.commit(ChangeSet { consumed, ..ChangeSet::new() }).await {
            Ok(_) => Ok(Attempt::Parked),
            Err(StoreError::CursorConflict(_)) => Ok(Attempt::Overtaken),
            Err(error) => Err(error),
        }
    }

    /// Lets the consumer handle events, and commits its changes with a step of its cursor.
    async fn handle(
        &self,
        consumer: &dyn Consumer,
        events: &[LoggedEvent],
        step: ConsumedStep,
    ) -> std::result::Result<Handling, StoreError> {
        let mut conflict = None;
        for _ in 0..DECIDED_ANEW {
            let changes = match consumer.handle(events).await {
                Ok(changes) => changes,
                Err(error) => return Ok(Handling::Failed(error)),
            };
            let consumed = Some(Consumed { consumer: consumer.name(), step: step.clone() });
            match self.engine.store.commit(ChangeSet { consumed, ..changes }).await {
                Ok(Committed::Applied | Committed::Replayed(_)) => return Ok(Handling::Committed),
                Err(StoreError::CursorConflict(_)) => return Ok(Handling::Overtaken),
                Err(
                    changed
                    @ (StoreError::Conflict(_) | StoreError::EdgeConflict(_) | StoreError::Claimed(_)),
                ) => conflict = Some(changed),
                Err(failed @ (StoreError::Unavailable(_) | StoreError::NotPrepared(_))) => {
                    return Err(failed);
                }
                Err(refused) => return Ok(Handling::Failed(refused.into())),
            }
        }
        Ok(Handling::Failed(ConsumerError::retry(
            conflict.map_or_else(String::new, |error| error.to_string()),
        )))
    }

    /// Handles the parked events whose retry was requested. One that fails again stays parked.
    async fn recover(&self, consumer: &dyn Consumer, run: &mut ConsumerRun) -> Result<()> {
        while let Some(ParkedEvent { seq, event, .. }) =
            self.engine.store.take_parked(consumer.name()).await?
        {
            let outcome = match event {
                Ok(event) => {
                    let events = [LoggedEvent { seq, event }];
                    self.handle(consumer, &events, ConsumedStep::Recovered { seq }).await?
                }
                Err(unreadable) => Handling::Failed(ConsumerError::park(unreadable.to_string())),
            };
            match outcome {
                Handling::Committed => run.recovered = run.recovered.saturating_add(1),
                Handling::Overtaken => {}
                Handling::Failed(error) => {
                    tracing::error!(consumer = %consumer.name(), %seq, %error, "a parked event failed again");
                    run.failure = Some(error.reason);
                }
            }
        }
        Ok(())
    }
}

/// How one attempt of a consumer ended.
enum Attempt {
    /// The events were handled. `next` is the lease of the next attempt, if there are more events.
    Handled { count: usize, next: Option<ConsumerCursor> },
    /// The first event was parked.
    Parked,
    /// A batch up to this event failed.
    BatchFailed { last: Seq },
    /// The first event failed, and is retried later.
    Failed { reason: String },
    /// Another process has moved the cursor.
    Overtaken,
}

/// How a consumer handled some events.
enum Handling {
    Committed,
    Overtaken,
    Failed(ConsumerError),
}
