use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, state::State};
use crate::{
    kernel::{Id, Page, PageRequest},
    store::{
        Consumed, ConsumedStep, ConsumerCursor, ConsumerName, Consumers, ConsumingEnd, Epoch, Event,
        EventLog, Lease, LogEntry, LogStart, LogState, LogToken, ParkedEvent, Seq, StoreError, Topic,
        TopicEvents,
    },
};

/// The log, its consumers, and their parked events.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// How often the log was restarted.
    restarts: u64,
    /// The number of events that were deleted from the front of `events`.
    trimmed: u64,
    events: VecDeque<Event>,
    /// Commits whose events have no numbers yet.
    waiting: VecDeque<Vec<Event>>,
    consumers: BTreeMap<ConsumerName, ConsumerCursor>,
    parked: BTreeMap<(ConsumerName, Seq), Parked>,
}

#[derive(Debug)]
struct Parked {
    event: ParkedEvent,
    /// Whether an operator requested that it is handled again.
    retry: bool,
}

impl Log {
    /// Adds the events of one commit.
    pub(super) fn push(&mut self, mut events: Vec<Event>) {
        events.sort_by_key(|event| (event.subject, event.n));
        if !events.is_empty() {
            self.waiting.push_back(events);
        }
    }

    fn number(&mut self, limit: usize) -> usize {
        let mut numbered: usize = 0;
        while numbered < limit
            && let Some(commit) = self.waiting.pop_front()
        {
            numbered = numbered.saturating_add(commit.len());
            self.events.extend(commit);
        }
        numbered
    }

    fn state(&self) -> LogState {
        let mut epoch = [0; 12];
        epoch[4..].copy_from_slice(&self.restarts.to_be_bytes());
        let count = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        LogState {
            epoch: Id::<Epoch>::from_bytes(epoch),
            first: Seq::new(self.trimmed).next(),
            last: Seq::new(self.trimmed.saturating_add(count)),
        }
    }

    fn index(&self, seq: Seq) -> Option<usize> {
        usize::try_from(seq.get().checked_sub(self.trimmed)?.checked_sub(1)?).ok()
    }

    fn read(&self, after: LogToken, limit: usize) -> Result<Vec<LogEntry>, StoreError> {
        self.state().check(after)?;
        let from = self.index(after.seq.next()).unwrap_or_default();
        let numbers = after.seq.get().saturating_add(1)..;
        let events = self.events.iter().skip(from).take(limit);
        Ok(numbers
            .zip(events)
            .map(|(seq, event)| LogEntry { seq: Seq::new(seq), event: Ok(event.clone()) })
            .collect())
    }

    fn read_topic(&self, topic: Topic, after: LogToken, limit: usize) -> Result<TopicEvents, StoreError> {
        let state = self.state();
        state.check(after)?;
        let from = self.index(after.seq.next()).unwrap_or_default();
        let numbers = after.seq.get().saturating_add(1)..;
        let events = numbers.zip(self.events.iter().skip(from));
        let of_topic = events.filter(|(_, event)| event.topics.contains(&topic)).take(limit);
        let entry = |(seq, event): (u64, &Event)| LogEntry { seq: Seq::new(seq), event: Ok(event.clone()) };
        Ok(TopicEvents::read(of_topic.map(entry).collect(), (after, limit), state))
    }

    fn trim(&mut self, before: DateTime<Utc>, limit: usize) -> usize {
        let last = self.state().last;
        let read = self.consumers.values().map(|cursor| cursor.seq).min().unwrap_or(last);
        let unread = self.index(read.next()).unwrap_or_default();
        let old = self.events.iter().take(limit.min(unread)).take_while(|event| event.at < before).count();
        self.events.drain(..old);
        self.trimmed = self.trimmed.saturating_add(u64::try_from(old).unwrap_or(u64::MAX));
        old
    }

    /// Checks that a consumer's step applies to its current state.
    pub(super) fn check(&self, consumed: Option<&Consumed>) -> Result<(), StoreError> {
        let Some(Consumed { consumer, step }) = consumed else { return Ok(()) };
        let applies = match step {
            ConsumedStep::Handled { from, .. } | ConsumedStep::Parked { from, .. } => {
                self.consumers.get(consumer).is_some_and(|cursor| cursor.seq == *from)
            }
            ConsumedStep::Recovered { seq } => self.parked.contains_key(&(*consumer, *seq)),
        };
        if applies { Ok(()) } else { Err(StoreError::CursorConflict(*consumer)) }
    }

    pub(super) fn consume(&mut self, Consumed { consumer, step }: Consumed) {
        match step {
            ConsumedStep::Handled { from: _, to, next } => self.advance(consumer, to, next),
            ConsumedStep::Parked { from, reason, at } => {
                let seq = from.next();
                if let Some(event) = self.index(seq).and_then(|index| self.events.get(index)).cloned() {
                    let event = ParkedEvent { consumer, seq, event: Ok(event), reason, parked_at: at };
                    self.parked.insert((consumer, seq), Parked { event, retry: false });
                }
                self.advance(consumer, seq, None);
            }
            ConsumedStep::Recovered { seq } => drop(self.parked.remove(&(consumer, seq))),
        }
    }

    fn advance(&mut self, consumer: ConsumerName, seq: Seq, next: Option<Lease>) {
        let (attempts, leased_until) = (u32::from(next.is_some()), next.map(Lease::until));
        self.consumers.insert(consumer, ConsumerCursor { consumer, seq, attempts, leased_until });
    }

    fn open(&mut self, consumer: ConsumerName, start: LogStart) -> ConsumerCursor {
        let state = self.state();
        let seq = match start {
            LogStart::First => state.start().seq,
            LogStart::End => state.last,
        };
        let new = ConsumerCursor { consumer, seq, attempts: 0, leased_until: None };
        *self.consumers.entry(consumer).or_insert(new)
    }

    fn begin(&mut self, consumer: ConsumerName, lease: Lease) -> Option<ConsumerCursor> {
        let cursor = self.consumers.get_mut(&consumer)?;
        if cursor.leased_until.is_some_and(|until| until > lease.now) {
            return None;
        }
        cursor.attempts = cursor.attempts.saturating_add(1);
        cursor.leased_until = Some(lease.until());
        Some(*cursor)
    }

    fn end(&mut self, ended: &ConsumerCursor, end: ConsumingEnd) -> bool {
        let Some(cursor) = self.consumers.get_mut(&ended.consumer).filter(|cursor| *cursor == ended) else {
            return false;
        };
        (cursor.attempts, cursor.leased_until) = match end {
            ConsumingEnd::Released => (0, None),
            ConsumingEnd::Retry { at } => (cursor.attempts, Some(at)),
        };
        true
    }

    fn remove(&mut self, consumer: ConsumerName) -> bool {
        self.parked.retain(|(of, _), _| *of != consumer);
        self.consumers.remove(&consumer).is_some()
    }

    fn list_parked(&self, after: Option<(ConsumerName, Seq)>, limit: usize) -> Vec<ParkedEvent> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.parked
            .range((from, Bound::Unbounded))
            .take(limit)
            .map(|(_, parked)| parked.event.clone())
            .collect()
    }

    fn retry(&mut self, consumer: ConsumerName, seq: Seq) -> bool {
        self.parked.get_mut(&(consumer, seq)).map(|parked| parked.retry = true).is_some()
    }

    fn take_parked(&mut self, consumer: ConsumerName) -> Option<ParkedEvent> {
        let mut of_consumer =
            self.parked.range_mut((consumer, Seq::START)..).take_while(|((of, _), _)| *of == consumer);
        let (_, parked) = of_consumer.find(|(_, parked)| parked.retry)?;
        parked.retry = false;
        Some(parked.event.clone())
    }
}

#[async_trait]
impl EventLog for MemoryStore {
    async fn number_events(&self, limit: usize) -> Result<usize, StoreError> {
        Ok(self.write().log.number(limit))
    }

    async fn log_state(&self) -> Result<LogState, StoreError> {
        Ok(self.read().log.state())
    }

    async fn read_log(&self, after: LogToken, limit: usize) -> Result<Vec<LogEntry>, StoreError> {
        self.read().log.read(after, limit)
    }

    async fn read_topic(
        &self,
        topic: Topic,
        after: LogToken,
        limit: usize,
    ) -> Result<TopicEvents, StoreError> {
        self.read().log.read_topic(topic, after, limit)
    }

    async fn restart_log(&self) -> Result<LogState, StoreError> {
        let State { log, .. } = &mut *self.write();
        log.restarts = log.restarts.saturating_add(1);
        Ok(log.state())
    }

    async fn trim_log(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        Ok(self.write().log.trim(before, limit))
    }

    async fn events_committed(&self) -> Result<(), StoreError> {
        // Listening begins before the look, so that no commit is missed between both.
        let committed = self.committed.listen();
        if self.read().log.waiting.is_empty() {
            committed.await;
        }
        Ok(())
    }
}

#[async_trait]
impl Consumers for MemoryStore {
    async fn open_consumer(
        &self,
        consumer: ConsumerName,
        start: LogStart,
    ) -> Result<ConsumerCursor, StoreError> {
        Ok(self.write().log.open(consumer, start))
    }

    async fn begin_consuming(
        &self,
        consumer: ConsumerName,
        lease: Lease,
    ) -> Result<Option<ConsumerCursor>, StoreError> {
        Ok(self.write().log.begin(consumer, lease))
    }

    async fn end_consuming(&self, cursor: &ConsumerCursor, end: ConsumingEnd) -> Result<bool, StoreError> {
        Ok(self.write().log.end(cursor, end))
    }

    async fn list_consumers(&self) -> Result<Vec<ConsumerCursor>, StoreError> {
        Ok(self.read().log.consumers.values().copied().collect())
    }

    async fn remove_consumer(&self, consumer: ConsumerName) -> Result<bool, StoreError> {
        Ok(self.write().log.remove(consumer))
    }

    async fn list_parked(&self, page: &PageRequest) -> Result<Page<ParkedEvent>, StoreError> {
        let after = page.cursor().map(ParkedEvent::place).transpose().map_err(StoreError::Cursor)?;
        let parked = self.read().log.list_parked(after, page.limit().saturating_add(1));
        Ok(Page::from_overfull(parked, page.limit(), ParkedEvent::cursor))
    }

    async fn retry_parked(&self, consumer: ConsumerName, seq: Seq) -> Result<bool, StoreError> {
        Ok(self.write().log.retry(consumer, seq))
    }

    async fn take_parked(&self, consumer: ConsumerName) -> Result<Option<ParkedEvent>, StoreError> {
        Ok(self.write().log.take_parked(consumer))
    }
}
