use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    Fixture,
    fixture::together,
    given::{apply, load_user, renamed, stored_user},
};
use crate::{
    account::User,
    kernel::Id,
    ports::Store,
    store::{AggregateRef, ChangeSet, Event, Put, StoreError, Stored},
    testing::build::{self, customer, event, start},
};

/// A write of the user with `count` events.
fn happening(user: &Stored<User>, minutes: i64, count: u32) -> ChangeSet {
    let at = start() + TimeDelta::minutes(minutes);
    let target = AggregateRef::User(user.id);
    // Not in order: `n` defines the order.
    let events = (0..count).rev().map(|n| event(target, user.version.next(), n, at)).collect();
    ChangeSet { events, ..ChangeSet::new().write(Put::over(user, renamed(user, "Name"))) }
}

async fn happen(store: &dyn Store, id: Id<User>, minutes: i64, count: u32) {
    let user = load_user(store, id).await;
    apply(store, happening(&user, minutes, count)).await;
}

pub(super) async fn gives_events_in_order(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    assert_eq!(store.pending_events(10).await.unwrap(), []);
    let one = stored_user(&*store, customer(1)).await.id;
    let two = stored_user(&*store, customer(2)).await.id;
    happen(&*store, two, 3, 1).await;
    happen(&*store, one, 2, 12).await;
    happen(&*store, one, 2, 2).await;
    let events = store.pending_events(100).await.unwrap();
    let places: Vec<_> =
        events.iter().map(|event| (event.aggregate(), event.subject.number(), event.n)).collect();
    let (one, two) = (Some(AggregateRef::User(one)), Some(AggregateRef::User(two)));
    let first = (0..12).map(|n| (one, 1, n));
    let expected: Vec<_> = first.chain([(one, 2, 0), (one, 2, 1), (two, 1, 0)]).collect();
    assert_eq!(places, expected, "by time, then by version and n");
    assert_eq!(store.pending_events(5).await.unwrap(), &events[..5]);
    assert_eq!(store.pending_events(0).await.unwrap(), []);
}

pub(super) async fn repeats_until_acknowledged(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let id = stored_user(&*store, customer(1)).await.id;
    happen(&*store, id, 1, 3).await;
    let events = store.pending_events(10).await.unwrap();
    assert_eq!(store.pending_events(10).await.unwrap(), events, "reading removes no event");
    let ids: Vec<Id<Event>> = events.iter().map(|event| event.id).collect();
    store.acknowledge_events(&[ids[1], build::id(999)]).await.unwrap();
    store.acknowledge_events(&[]).await.unwrap();
    let left = [events[0].clone(), events[2].clone()];
    assert_eq!(store.pending_events(10).await.unwrap(), left);
    store.acknowledge_events(&ids).await.unwrap();
    store.acknowledge_events(&ids).await.unwrap();
    assert_eq!(store.pending_events(10).await.unwrap(), []);
    happen(&*store, id, 2, 1).await;
    assert_eq!(store.pending_events(10).await.unwrap().len(), 1);
}

pub(super) async fn orders_events_of_racing_writers(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let ids = [stored_user(&*store, customer(1)).await.id, stored_user(&*store, customer(2)).await.id];
    let write = |n: usize| {
        let (store, id): (Arc<dyn Store>, _) = (Arc::clone(&store), ids[n % 2]);
        async move {
            loop {
                let user = load_user(&*store, id).await;
                match store.commit(happening(&user, 1, 2)).await {
                    Ok(_) => return,
                    Err(StoreError::Conflict(_)) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    };
    together(fixture, (0..20).map(write)).await;
    let events = store.pending_events(100).await.unwrap();
    assert_eq!(events.len(), 40);
    for id in ids {
        let of = events.iter().filter(|event| event.aggregate() == Some(AggregateRef::User(id)));
        let places: Vec<_> = of.map(|event| (event.subject.number(), event.n)).collect();
        let expected: Vec<_> = (1..=10).flat_map(|version| [(version, 0), (version, 1)]).collect();
        assert_eq!(places, expected);
    }
}
