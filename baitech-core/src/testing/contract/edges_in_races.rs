use std::sync::Arc;

use super::{
    Fixture,
    fixture::together,
    given::{SET, apply, count, like_by, likes_of, pending, stored_booking, toggle},
};
use crate::{
    account::User,
    kernel::{Id, PageRequest},
    ports::Store,
    store::{
        AggregateRef, ChangeSet, Committed, CounterKey, CounterName, Edge, EdgeKey, EdgeKind, EdgeValue,
        Guard, StoreError,
    },
    testing::build::{self, start},
};

/// Loads an edge, decides and commits, until no conflict occurs.
async fn until_applied(store: &dyn Store, key: EdgeKey, decide: impl Fn(Edge) -> Option<ChangeSet>) {
    loop {
        let Some(changes) = decide(store.load_edge(&key).await.unwrap()) else { return };
        match store.commit(changes).await {
            Ok(Committed::Applied) => return,
            Err(StoreError::EdgeConflict(of)) if of == key => {}
            other => panic!("expected an applied set or a conflict, got {other:?}"),
        }
    }
}

pub(super) async fn count_every_like(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let liked = stored_booking(&*store, pending(1)).await.value.id;
    let like = |n| {
        let store = Arc::clone(&store);
        async move { store.commit(toggle(Edge::never_put(like_by(n, liked)))).await }
    };
    for outcome in together(fixture, (1..=50).map(like)).await {
        assert_eq!(outcome.expect("no like fails"), Committed::Applied);
    }
    let page = PageRequest::new(100, None).unwrap();
    let listed = store.list_edges_to(like_by(1, liked).kind, liked.into(), &page).await.unwrap();
    assert_eq!((listed.items.len(), listed.next_cursor), (50, None));
    assert_eq!(count(&*store, likes_of(liked)).await, 50);
}

pub(super) async fn end_exact_when_toggled(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let liked = AggregateRef::User(build::id(500));
    let key = like_by(1, liked);
    let toggles = |_| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..5 {
                until_applied(&*store, key, |edge| Some(toggle(edge))).await;
            }
        }
    };
    together(fixture, (0..8).map(toggles)).await;
    let edge = store.load_edge(&key).await.unwrap();
    assert_eq!((edge.revision.get(), edge.is_present()), (40, false), "40 toggles");
    assert_eq!(count(&*store, likes_of(liked)).await, 0);
    apply(&*store, toggle(edge)).await;
    assert_eq!(count(&*store, likes_of(liked)).await, 1);
}

pub(super) async fn move_two_counters_when_switched(fixture: &dyn Fixture) {
    const UP: EdgeValue = EdgeValue::new("up");
    const DOWN: EdgeValue = EdgeValue::new("down");
    let store = fixture.store().await;
    let voted = AggregateRef::User(build::id(500));
    let key = EdgeKey::new(EdgeKind::new("vote"), build::id::<User>(1), voted);
    let counter = move |value: EdgeValue| {
        let name = if value == UP { CounterName::new("upvotes") } else { CounterName::new("downvotes") };
        CounterKey::new(voted, name)
    };
    let switches = |_| {
        let store = Arc::clone(&store);
        async move {
            for _ in 0..50 {
                until_applied(&*store, key, |edge| {
                    let change = edge.put(if edge.value == Some(UP) { DOWN } else { UP }, start())?;
                    let counters = change.deltas(|value| [counter(value)]);
                    Some(ChangeSet { edges: vec![change], counters, ..ChangeSet::new() })
                })
                .await;
            }
        }
    };
    together(fixture, (0..4).map(switches)).await;
    let edge = store.load_edge(&key).await.unwrap();
    assert_eq!((edge.revision.get(), edge.value), (200, Some(DOWN)));
    assert_eq!(store.read_counters(&[counter(UP), counter(DOWN)]).await.unwrap(), [0, 1]);
}

pub(super) async fn never_stand_beside_a_block(fixture: &dyn Fixture) {
    const FOLLOW: EdgeKind = EdgeKind::new("follow");
    const BLOCK: EdgeKind = EdgeKind::new("block");
    let store = fixture.store().await;
    let no = |EdgeKey { kind, from, to }| Guard::NoEdge { kind, from, to };
    for round in 0..200 {
        let (fan, star): (Id<User>, Id<User>) = (build::id(1_000 + round), build::id(5_000 + round));
        let (follow, block) = (EdgeKey::new(FOLLOW, fan, star), EdgeKey::new(BLOCK, star, fan));
        let follows = {
            let store = Arc::clone(&store);
            async move {
                let change = Edge::never_put(follow).put(SET, start()).expect("a change");
                let edges = vec![change];
                match store.commit(ChangeSet { guards: vec![no(block)], edges, ..ChangeSet::new() }).await {
                    Ok(_) => {}
                    Err(StoreError::EdgeConflict(of)) => assert_eq!(of, block),
                    Err(other) => panic!("{other:?}"),
                }
            }
        };
        // A block removes the follow that it sees, and guards the absence of one that it does not see.
        let blocks = {
            let store = Arc::clone(&store);
            async move {
                loop {
                    let seen = store.load_edge(&follow).await.unwrap();
                    let removed = seen.remove(start());
                    let put = store.load_edge(&block).await.unwrap().put(SET, start());
                    let guards = if removed.is_none() { vec![no(follow)] } else { Vec::new() };
                    let edges = put.into_iter().chain(removed).collect();
                    match store.commit(ChangeSet { guards, edges, ..ChangeSet::new() }).await {
                        Ok(_) => return,
                        Err(StoreError::EdgeConflict(_)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
        };
        type Racer = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
        let racers: [Racer; 2] = [Box::pin(follows), Box::pin(blocks)];
        together(fixture, racers).await;
        let edges = store.load_edges(&[follow, block]).await.unwrap();
        let present: Vec<bool> = edges.iter().map(Edge::is_present).collect();
        assert_eq!(present, [false, true], "round {round}: the block stands alone");
    }
}

pub(super) async fn are_changed_once_by_a_repeated_request(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let liked = AggregateRef::User(build::id(500));
    let request = || {
        let idempotency = Some(build::idempotency("key", "request", "answer"));
        ChangeSet { idempotency, ..toggle(Edge::never_put(like_by(1, liked))) }
    };
    let send = |_| {
        let store = Arc::clone(&store);
        let changes = request();
        async move { store.commit(changes).await.expect("applied or replayed") }
    };
    let outcomes = together(fixture, (0..8).map(send)).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Committed::Applied).count(), 1);
    assert_eq!(store.commit(request()).await.unwrap(), Committed::Replayed(b"answer".to_vec()));
    assert_eq!(store.load_edge(&like_by(1, liked)).await.unwrap().revision.get(), 1);
    assert_eq!(count(&*store, likes_of(liked)).await, 1);
}
