use std::{collections::BTreeSet, sync::Arc};

use super::{
    Fixture,
    fixture::together,
    given::{apply, count, likes_of, load_user, rename, stored_user},
};
use crate::{
    ports::Store,
    store::{ChangeSet, CounterDelta, CounterKey, CounterName},
    testing::build::customer,
};

pub(super) async fn count_from_one(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    for number in 1..=3 {
        assert_eq!(store.next("booking.2603").await.unwrap(), number);
    }
    assert_eq!(store.next("booking.2604").await.unwrap(), 1, "each series has its own counter");
    assert_eq!(store.next("booking.2603").await.unwrap(), 4);
}

pub(super) async fn never_repeat(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let draw = |_| {
        let store: Arc<dyn Store> = Arc::clone(&store);
        async move {
            let mut numbers = Vec::new();
            for _ in 0..20 {
                numbers.push(store.next("series").await.expect("a number"));
            }
            numbers
        }
    };
    let drawn = together(fixture, (0..50).map(draw)).await;
    assert!(drawn.iter().all(|numbers| numbers.is_sorted()), "the numbers of one caller rise");
    let distinct: BTreeSet<u64> = drawn.into_iter().flatten().collect();
    assert_eq!(distinct.len(), 1_000, "1,000 draws give 1,000 numbers");
}

fn delta(key: CounterKey, by: i64) -> ChangeSet {
    ChangeSet { counters: vec![CounterDelta { key, by }], ..ChangeSet::new() }
}

pub(super) async fn start_at_zero_and_add_up(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let (one, two) = (customer(1).id, customer(2).id);
    let follows = CounterKey::new(one, CounterName::new("follows"));
    assert_eq!(count(&*store, likes_of(one)).await, 0, "a counter that was never moved");
    for by in [5, -3, 40, -2] {
        apply(&*store, delta(likes_of(one), by)).await;
    }
    apply(&*store, delta(follows, 7)).await;
    let keys = [follows, likes_of(two), likes_of(one), follows];
    assert_eq!(store.read_counters(&keys).await.unwrap(), [7, 0, 40, 7], "in the order of the keys");
    assert!(store.read_counters(&[]).await.unwrap().is_empty());
}

pub(super) async fn stand_beside_the_aggregate(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    apply(&*store, delta(likes_of(user.id), 3)).await;
    let counted = load_user(&*store, user.id).await;
    assert_eq!((&counted.value, counted.version), (&user.value, user.version), "a count is no write");
    // A write over the value that was loaded before the count is not stale, and keeps the count.
    apply(&*store, rename(&user, "Saved")).await;
    assert_eq!(count(&*store, likes_of(user.id)).await, 3);
    // A commit may write an aggregate and count on it.
    let user = load_user(&*store, user.id).await;
    let counters = vec![CounterDelta { key: likes_of(user.id), by: -1 }];
    apply(&*store, ChangeSet { counters, ..rename(&user, "Both") }).await;
    assert_eq!(count(&*store, likes_of(user.id)).await, 2);
}

pub(super) async fn survive_stale_saves_of_their_aggregate(fixture: &dyn Fixture) {
    type Racer = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
    let store = fixture.store().await;
    let id = stored_user(&*store, customer(1)).await.id;
    let count_up = |_| -> Racer {
        let store = Arc::clone(&store);
        Box::pin(async move {
            for _ in 0..25 {
                apply(&*store, delta(likes_of(id), 1)).await;
            }
        })
    };
    let saver = Arc::clone(&store);
    let save: Racer = Box::pin(async move {
        for n in 0..50 {
            // Nothing else writes the user, so that no save conflicts.
            let user = load_user(&*saver, id).await;
            apply(&*saver, rename(&user, &format!("Name{n}"))).await;
        }
    });
    together(fixture, (0..8).map(count_up).chain([save])).await;
    assert_eq!(count(&*store, likes_of(id)).await, 200, "no count is lost");
    let user = load_user(&*store, id).await;
    assert_eq!((user.version.get(), user.first_name.as_str()), (50, "Name49"), "no save is lost");
}
