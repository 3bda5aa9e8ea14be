use chrono::TimeDelta;

use super::{
    Fixture,
    given::{LIKE, SET, apply, like_by, likes_of, refuse, rename, stored_user, toggle},
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    account::User,
    ports::Store,
    store::{
        AggregateRef, ChangeSet, CounterDelta, Edge, EdgeChange, EdgeKey, EdgeKind, EdgeValue, Event, Guard,
        Revision, StoreError, Subject, Version,
    },
    testing::{
        build::{self, customer, event, start},
        committed_events,
    },
};

const VOTE: EdgeKind = EdgeKind::new("vote");
const UP: EdgeValue = EdgeValue::new("up");
const DOWN: EdgeValue = EdgeValue::new("down");

/// A user to whom edges lead. It need not exist.
fn target() -> AggregateRef {
    AggregateRef::User(build::id(500))
}

fn changing(change: EdgeChange) -> ChangeSet {
    ChangeSet { edges: vec![change], ..ChangeSet::new() }
}

async fn load(store: &dyn Store, key: EdgeKey) -> Edge {
    store.load_edge(&key).await.unwrap()
}

/// Puts an edge some minutes after the start, and returns it.
async fn put(store: &dyn Store, key: EdgeKey, minutes: i64) -> Edge {
    let change = load(store, key).await.put(SET, start() + TimeDelta::minutes(minutes)).expect("a change");
    apply(store, changing(change)).await;
    change.after()
}

pub(super) async fn count_revisions_across_removals(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let key = EdgeKey::new(VOTE, build::id::<User>(1), target());
    let mut edge = load(&*store, key).await;
    assert_eq!(edge, Edge::never_put(key), "an edge that was never put has revision 0");
    for (number, value) in [(1, Some(UP)), (2, Some(DOWN)), (3, None), (4, Some(DOWN)), (5, None)] {
        let now = start() + TimeDelta::minutes(number);
        let change = value.map_or_else(|| edge.remove(now), |value| edge.put(value, now)).expect("a change");
        apply(&*store, changing(change)).await;
        edge = load(&*store, key).await;
        let number = u64::try_from(number).unwrap();
        assert_eq!(edge, Edge { key, value, revision: Revision::new(number), at: Some(now) });
    }
    assert_eq!(edge.remove(start()), None, "an absent edge cannot be removed");
    let backwards = edge.put(UP, start()).expect("a change");
    assert_eq!(Some(backwards.at), edge.at, "the time of an edge never decreases");
    assert_eq!(backwards.after().put(UP, start()), None, "an equal value is no change");
    // The same ends with another kind, and the opposite direction, are other edges.
    let opposite = EdgeKey::new(VOTE, key.to, key.from);
    assert_eq!(load(&*store, opposite).await, Edge::never_put(opposite));
    assert_eq!(load(&*store, like_by(1, target())).await.revision, Revision::NONE);
}

pub(super) async fn are_loaded_in_the_order_asked_for(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let (one, two, missing) = (like_by(1, target()), like_by(2, target()), like_by(3, target()));
    let (first, second) = (put(&*store, one, 1).await, put(&*store, two, 2).await);
    let found = store.load_edges(&[two, missing, one, two]).await.unwrap();
    assert_eq!(found, [second, Edge::never_put(missing), first, second]);
    assert_eq!(store.load_edges(&[]).await.unwrap(), []);
}

pub(super) async fn refuse_another_revision(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let key = like_by(1, target());
    let never = load(&*store, key).await;
    let present = put(&*store, key, 1).await;
    apply(&*store, changing(present.remove(start()).unwrap())).await;
    let removed = load(&*store, key).await;
    // Each of these decided on a state that the edge no longer has, or never had.
    let later = Edge { revision: removed.revision.next(), ..removed };
    for before in [never, present, later] {
        let change = before.put(EdgeValue::new("other"), start()).unwrap();
        let error = refuse(&*store, changing(change)).await;
        assert!(matches!(error, StoreError::EdgeConflict(of) if of == key), "{before:?}: {error:?}");
        assert_eq!(load(&*store, key).await, removed);
    }
    put(&*store, key, 2).await;
}

pub(super) async fn refuse_malformed_changes(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let key = like_by(1, target());
    let change = Edge::never_put(key).put(SET, start()).unwrap();
    let nothing = EdgeChange { value: None, ..change };
    let delta = CounterDelta { key: likes_of(target()), by: 1 };
    let of_edge = |edge, revision| {
        let any = event(target(), Version::FIRST, 0, start());
        vec![Event { subject: Subject::Edge { edge, revision }, ..any }]
    };
    let malformed = [
        ("two changes of one edge", ChangeSet { edges: vec![change, change], ..ChangeSet::new() }),
        ("a change without effect", changing(nothing)),
        ("two deltas of one counter", ChangeSet { counters: vec![delta, delta], ..ChangeSet::new() }),
        (
            "an event of another edge",
            ChangeSet { events: of_edge(like_by(2, target()), Revision::new(1)), ..changing(change) },
        ),
        (
            "an event of another revision",
            ChangeSet { events: of_edge(key, Revision::new(2)), ..changing(change) },
        ),
    ];
    for (what, changes) in malformed {
        let error = refuse(&*store, changes).await;
        assert!(matches!(error, StoreError::Malformed(_)), "{what}: {error:?}");
    }
    assert_eq!(load(&*store, key).await, Edge::never_put(key));
}

pub(super) async fn guard_their_absence(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let key = like_by(1, target());
    let EdgeKey { kind, from, to } = key;
    let guarded = async |n: u64| {
        let user = stored_user(&*store, customer(n)).await;
        ChangeSet { guards: vec![Guard::NoEdge { kind, from, to }], ..rename(&user, "Guarded") }
    };
    apply(&*store, guarded(11).await).await;
    assert_eq!(load(&*store, key).await, Edge::never_put(key), "a guard changes nothing");
    let page = store.list_edges_to(LIKE, to, &crate::kernel::PageRequest::default()).await.unwrap();
    assert_eq!(page.items, [], "a guarded edge is not listed");
    let edge = put(&*store, key, 1).await;
    assert_eq!(edge.revision.get(), 1, "a guard uses no revision");
    let error = refuse(&*store, guarded(12).await).await;
    assert!(matches!(error, StoreError::EdgeConflict(of) if of == key), "{error:?}");
    apply(&*store, changing(edge.remove(start()).unwrap())).await;
    apply(&*store, guarded(13).await).await;
    assert_eq!(load(&*store, key).await.revision.get(), 2);
    put(&*store, key, 2).await;
}

pub(super) async fn emit_events_in_the_order_of_revisions(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let key = like_by(1, target());
    for _ in 0..3 {
        let set = toggle(load(&*store, key).await);
        let revision = set.edges[0].written();
        let stamped = |n| Event {
            subject: Subject::Edge { edge: key, revision },
            // Each revision and `n` gives another id.
            ..event(target(), Version::new(revision.get()), n, start())
        };
        apply(&*store, ChangeSet { events: vec![stamped(1), stamped(0)], ..set }).await;
    }
    let events = committed_events(&*store).await;
    let places = events.iter().map(|event| match event.subject {
        Subject::Edge { edge, revision } if edge == key => (revision.get(), event.n),
        other => panic!("an event of the edge: {other:?}"),
    });
    assert_eq!(places.collect::<Vec<_>>(), [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)]);
}

pub(super) async fn are_listed_from_both_ends(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut to_target = Vec::new();
    for n in 1..=7 {
        let edge = put(&*store, like_by(n, target()), i64::try_from(n % 3).unwrap()).await;
        to_target.push(edge);
    }
    let (other, removed) = (AggregateRef::User(build::id(501)), to_target.remove(3));
    apply(&*store, changing(removed.remove(start()).unwrap())).await;
    let to_other = put(&*store, like_by(1, other), 5).await;
    put(&*store, EdgeKey::new(VOTE, to_other.key.from, other), 6).await;

    let store = &*store;
    let listed = walk(2, |page| async move { store_list(store, &page).await }).await;
    assert!(listed.is_sorted_by_key(|edge| std::cmp::Reverse(edge.at)), "newest first");
    let sorted = |mut edges: Vec<Edge>| {
        edges.sort_by_key(|edge| edge.key);
        edges
    };
    assert_eq!(sorted(listed), sorted(to_target.clone()), "all present edges, once");

    let from = to_other.key.from;
    let listed = walk(1, |page| async move { store.list_edges_from(LIKE, from, &page).await }).await;
    assert_eq!(listed, [to_other, to_target[0]], "only edges of the kind that begin there");
}

/// The likes of [`target`].
async fn store_list(
    store: &dyn Store,
    page: &crate::kernel::PageRequest,
) -> Result<crate::kernel::Page<Edge>, StoreError> {
    store.list_edges_to(LIKE, target(), page).await
}

pub(super) async fn are_paged_while_others_come(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut there = Vec::new();
    for n in 1..=20 {
        there.push(put(&*store, like_by(n, target()), i64::try_from(n / 3).unwrap()).await.key);
    }
    let store = &*store;
    let seen = walk_while_changing(
        3,
        |page| async move { store_list(store, &page).await },
        |number, _| async move {
            // Before, among and after those that were read.
            for (offset, minutes) in [(100, 100), (200, 3), (300, 0)] {
                put(store, like_by(offset + number, target()), minutes).await;
            }
        },
    );
    let seen = seen.await.into_iter().map(|edge| (std::cmp::Reverse(edge.at), edge.key)).collect();
    assert_complete_by_time(seen, there);
}

/// [`assert_complete`] for a list whose order within a time is up to the store.
fn assert_complete_by_time<K: Ord + Copy>(seen: Vec<(K, EdgeKey)>, there: Vec<EdgeKey>) {
    assert!(seen.is_sorted_by_key(|(time, _)| *time));
    let mut sorted = seen;
    sorted.sort();
    assert_complete(sorted, there);
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let store = &*store;
    assert_refuses_foreign_cursors(|page| async move { store_list(store, &page).await }).await;
    assert_refuses_foreign_cursors(|page| async move { store.list_edges_from(LIKE, target(), &page).await })
        .await;
}
