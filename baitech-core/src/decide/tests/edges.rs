//! Edges and counters that decisions carry into the commit.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use futures::executor::block_on;

use super::pending;
use crate::{
    booking::{Booking, BookingEvent, BookingPolicy},
    decide::{Authority, Command, Decision, Runtime, Step, drive},
    kernel::{Actor, ManualClock, Result, SeededEntropy},
    memory::MemoryStore,
    store::{
        ChangeSet, Commit, CounterKey, CounterName, CounterReader, Edge, EdgeChange, EdgeKey, EdgeKind,
        EdgeValue, Edges, EventKind, Guard, Load, Put, Stored, Subject,
    },
    testing::{
        build::{id, start},
        committed_events,
    },
};

const LIKE: EdgeKind = EdgeKind::new("like");
const SET: EdgeValue = EdgeValue::new("set");

/// The permission of a caller who never loses it.
#[derive(Debug, Clone)]
struct Anyone;

#[async_trait]
impl Authority for Anyone {
    fn guard(&self) -> Guard {
        Guard::NoEdge { kind: EdgeKind::new("ban"), from: key().from, to: key().to }
    }

    async fn renew(&self) -> Result<Self> {
        Ok(Self)
    }
}

fn key() -> EdgeKey {
    EdgeKey::new(LIKE, id::<crate::account::User>(7), id::<Booking>(1))
}

fn likes(_: EdgeValue) -> [CounterKey; 1] {
    [CounterKey::new(key().to, CounterName::new("likes"))]
}

fn runtime(store: &Arc<MemoryStore>) -> Runtime<BookingPolicy> {
    Runtime {
        clock: Arc::new(ManualClock::at(start())),
        entropy: Arc::new(SeededEntropy::new(1)),
        pause: store.clone(),
        policy: BookingPolicy::default(),
        commit: store.clone(),
        claims: store.clone(),
        counters: store.clone(),
        ledger: store.clone(),
        versions: store.clone(),
    }
}

fn decision(booking: Booking, change: Option<EdgeChange>) -> Decision<Booking> {
    let event = EventKind::Booking(BookingEvent::BookingUpdated);
    let counted = change.map(|change| change.deltas(likes)).unwrap_or_default();
    Decision::new(booking).edge(change, [event]).count_by(counted)
}

/// Another user of the store changes the edge between the read and the commit of the first attempt.
#[test]
fn a_command_decides_again_after_its_edge_was_changed() {
    let store = Arc::new(MemoryStore::new());
    let runtime = runtime(&store);
    let booking = Booking::from_record(pending(1));
    let (booking_id, new) = (booking.id, ChangeSet::new().write(Put::new(booking)));
    let _ = block_on(store.commit(new)).unwrap();

    let attempts = AtomicU32::new(0);
    let (attempts, rival) = (&attempts, &store);
    let step = |_: Option<Anyone>| async move {
        let stored: Stored<Booking> = rival.load(booking_id).await?.expect("the booking");
        let edge = rival.load_edge(&key()).await?;
        if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
            let change = edge.put(EdgeValue::new("other"), start()).expect("a change");
            let counters = change.deltas(likes);
            let changes = ChangeSet { edges: vec![change], counters, ..ChangeSet::new() };
            let _ = rival.commit(changes).await?;
        }
        let decided = decision(stored.value.clone(), edge.put(SET, start()));
        Ok(Step::change(stored, start(), decided))
    };
    let command = Command::new(&Actor::System, None, None, "like", &()).unwrap().by(Some(Anyone));
    block_on(drive(&runtime, &*store, &command, step)).unwrap();

    assert_eq!(attempts.load(Ordering::Relaxed), 2);
    let edge = block_on(store.load_edge(&key())).unwrap();
    assert_eq!((edge.value, edge.revision.get()), (Some(SET), 2));
    assert_eq!(
        block_on(store.read_counters(&likes(SET))).unwrap(),
        [1],
        "the new value replaces the other one"
    );
    let events = block_on(committed_events(&*store));
    let subjects: Vec<Subject> = events.iter().map(|event| event.subject).collect();
    assert_eq!(subjects, [Subject::Edge { edge: key(), revision: edge.revision }]);
}

#[test]
fn a_change_without_effect_emits_no_event() {
    let present = Edge::never_put(key()).put(SET, start()).expect("a change").after();
    let effects = decision(Booking::from_record(pending(1)), present.put(SET, start())).effects;
    assert!(effects.changes_nothing(), "{effects:?}");
    let effects = decision(Booking::from_record(pending(1)), present.remove(start())).effects;
    assert!(!effects.changes_nothing(), "{effects:?}");
}
