//! Likes, the log of events, and a consumer of it, compared with an exact count of what was committed.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use super::{auditor::Verdict, chance::Chance, store::Applied, task::Task, world::World};
use crate::{
    Consumer, ConsumerError, LoggedEvent,
    booking::{Booking, BookingEvent},
    kernel::{Actor, Clock, Error, Id, PageRequest},
    memory::MemoryStore,
    store::{
        AggregateRef, ChangeSet, Commit, ConsumerName, Consumers, CounterDelta, CounterKey, CounterName,
        CounterReader, EdgeKey, EdgeKind, EdgeValue, Edges, Event, StoreError, Subject, Topic,
    },
};

const LIKE: EdgeKind = EdgeKind::new("like");
const SET: EdgeValue = EdgeValue::new("set");
/// The number of users who like a booking.
const LIKES: CounterName = CounterName::new("likes");
/// The number of events of an aggregate, and of edges to it, that the consumer has handled.
const HANDLED: CounterName = CounterName::new("handled");

/// A consumer that counts events in the store, and sometimes fails.
#[derive(Debug)]
pub(super) struct EventCounter(pub(super) Arc<Chance>);

impl EventCounter {
    pub(super) const NAME: ConsumerName = ConsumerName::new("counter");
}

#[async_trait]
impl Consumer for EventCounter {
    fn name(&self) -> ConsumerName {
        Self::NAME
    }

    fn batch(&self) -> usize {
        4
    }

    async fn handle(&self, events: &[LoggedEvent]) -> Result<ChangeSet, ConsumerError> {
        self.0.maybe_yield().await;
        if self.0.fault(40) {
            return Err(ConsumerError::retry("simulated failure of a consumer"));
        }
        if self.0.fault(200) {
            return Err(ConsumerError::park("simulated refusal of a consumer"));
        }
        let handled = events.iter().map(|logged| CounterDelta {
            key: CounterKey::new(counted_on(logged.event.subject), HANDLED),
            by: 1,
        });
        Ok(ChangeSet { counters: CounterDelta::summed(handled), ..ChangeSet::new() })
    }
}

const fn counted_on(subject: Subject) -> AggregateRef {
    match subject {
        Subject::Aggregate { aggregate, version: _ } => aggregate,
        Subject::Edge { edge, revision: _ } => edge.to,
    }
}

/// A user likes a booking, or removes the like.
pub(super) fn toggle_like(world: &World, booking: Id<Booking>) -> Option<Task> {
    let user = world.chance.pick(&world.customers)?.id;
    let (store, now) = (Arc::clone(&world.store), world.clock.now());
    let event = Id::from_bytes(std::array::from_fn(|_| world.chance.below(256) as u8));
    Some(Task::new(format!("{user} likes {booking}, or does not any more"), async move {
        let edge = store.load_edge(&EdgeKey::new(LIKE, user, booking)).await?;
        let change = if edge.is_present() { edge.remove(now) } else { edge.put(SET, now) };
        let Some(change) = change else { return Ok("nothing to do".to_owned()) };
        let subject = Subject::Edge { edge: change.key(), revision: change.written() };
        let kind = BookingEvent::BookingUpdated.into();
        let changes = ChangeSet {
            counters: change.deltas(|_| [CounterKey::new(booking, LIKES)]),
            edges: vec![change],
            events: vec![Event {
                id: event,
                subject,
                n: 0,
                actor: Actor::System,
                at: change.at,
                topics: Topic::of_edge(change.key()),
                kind,
            }],
            ..ChangeSet::new()
        };
        match store.commit(changes).await {
            Ok(_) => Ok(format!("revision {}", change.written())),
            Err(StoreError::EdgeConflict(_)) => Ok("another request was first".to_owned()),
            Err(error) => Err(error.into()),
        }
    }))
}

/// Numbers events, and deletes old ones.
pub(super) fn number(world: &World) -> Task {
    let worker = world.market.worker();
    Task::new("events are numbered", async move {
        let numbered = worker.number_events().await?;
        let trimmed = worker.trim_log().await?;
        Ok(format!("{numbered} events, {trimmed} old ones deleted"))
    })
}

/// One of two processes runs the consumer.
pub(super) fn consume(world: &World) -> Task {
    let (worker, counter) = (world.market.worker(), EventCounter(Arc::clone(&world.chance)));
    Task::new("events are consumed", async move { Ok(format!("{:?}", worker.consume(&counter).await?)) })
}

/// Requests a retry of all parked events.
pub(super) fn retry_parked(world: &World) -> Task {
    let store = Arc::clone(&world.store);
    Task::new("parked events are retried", async move {
        let page = PageRequest::new(100, None).map_err(Error::from)?;
        let parked = store.inner.list_parked(&page).await?.items;
        for event in &parked {
            store.inner.retry_parked(event.consumer, event.seq).await?;
        }
        Ok(format!("{} events", parked.len()))
    })
}

/// What the commits of a run add up to.
#[derive(Debug, Default)]
pub(super) struct Totals {
    events: BTreeMap<AggregateRef, i64>,
    likes: BTreeMap<EdgeKey, bool>,
}

impl Totals {
    pub(super) fn note(&mut self, applied: &Applied) {
        for subject in &applied.subjects {
            *self.events.entry(counted_on(*subject)).or_default() += 1;
        }
        for change in &applied.edges {
            self.likes.insert(change.key(), change.value.is_some());
        }
    }

    /// Checks that every event was handled once, and that every counter of likes equals the edges. Call it
    /// once nothing is in progress.
    pub(super) fn check(&self, store: &MemoryStore) -> Verdict {
        use super::task::ready;

        let count =
            |of, name| ready(store.read_counters(&[CounterKey::new(of, name)])).map(|counts| counts[0]);
        for (of, events) in &self.events {
            let handled = count(*of, HANDLED).map_err(|error| error.to_string())?;
            if handled != *events {
                return Err(format!("{events} events of {of} were committed, and {handled} were handled"));
            }
        }
        let mut likes: BTreeMap<AggregateRef, i64> = BTreeMap::new();
        for (edge, is_there) in &self.likes {
            let stored = ready(store.load_edge(edge)).map_err(|error| error.to_string())?;
            if stored.is_present() != *is_there {
                return Err(format!("the edge {edge} is not what was committed last"));
            }
            *likes.entry(edge.to).or_default() += i64::from(*is_there);
        }
        for (of, expected) in likes {
            let counted = count(of, LIKES).map_err(|error| error.to_string())?;
            if counted != expected {
                return Err(format!("{expected} users like {of}, and {counted} are counted"));
            }
        }
        Ok(())
    }
}
