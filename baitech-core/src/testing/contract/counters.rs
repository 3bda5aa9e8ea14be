use std::{collections::BTreeSet, sync::Arc};

use super::{Fixture, fixture::together};
use crate::ports::Store;

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
