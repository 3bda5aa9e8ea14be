use std::cmp::Reverse;

use chrono::TimeDelta;

use super::{
    Fixture,
    fixture::together,
    given::{apply, refuse},
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    payment::{Reconciliation, ReconciliationContent, ReconciliationPart},
    ports::Store,
    store::{AggregateRef, ChangeSet, Committed, Lease, Put, StoreError, Stored},
    testing::build,
};

/// Reconciliation `n`, submitted some milliseconds after the start.
fn job(n: u64, millis: i64) -> Reconciliation {
    let mut record = build::reconciliation(n).into_record();
    record.submitted_at += TimeDelta::milliseconds(millis);
    Reconciliation::from_record(record)
}

/// Reconciliations, four per submission time; the newest first.
async fn stored(store: &dyn Store) -> Vec<Reconciliation> {
    let mut jobs: Vec<_> = (0..40_u64).map(|n| job(n, i64::try_from((n * 7 % 40) / 4).unwrap())).collect();
    for batch in jobs.chunks(20) {
        let puts = batch.iter().cloned().map(Put::new);
        apply(store, puts.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    jobs.sort_by_key(|job| (Reverse(job.submitted_at), job.id));
    jobs
}

pub(super) async fn are_listed_in_pages(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let jobs = stored(store).await;
    for limit in [1, 7, 40, 100] {
        let found = walk(limit, |page| async move { store.list_reconciliations(&page).await }).await;
        let found: Vec<_> = found.into_iter().map(|job| job.value).collect();
        assert_eq!(found, jobs, "in pages of {limit}");
    }
}

pub(super) async fn are_paged_while_others_come(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let jobs = stored(store).await;
    let list = |page| async move { store.list_reconciliations(&page).await };
    let found = walk_while_changing(9, list, |number, first: Option<Stored<Reconciliation>>| async move {
        apply(store, ChangeSet::new().write(Put::new(job(100 + number, 1_000)))).await;
        // A batch of a listed job does not change its position.
        if let Some(first) = first {
            apply(store, ChangeSet::new().write(Put::over(&first, first.value.clone()))).await;
        }
    });
    let seen = found.await.into_iter().map(|job| (Reverse(job.submitted_at), job.id));
    assert_complete(seen.collect(), jobs.iter().map(|job| job.id));
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    assert_refuses_foreign_cursors(|page| async move { store.list_reconciliations(&page).await }).await;
}

pub(super) async fn take_one_of_two_batches(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    apply(&*store, ChangeSet::new().write(Put::new(job(1, 0)))).await;
    let seen: Stored<Reconciliation> = store.load(job(1, 0).id).await.unwrap().unwrap();
    let batch = |done: u64| {
        let mut record = seen.value.clone().into_record();
        record.progress.done = done;
        Put::over(&seen, Reconciliation::from_record(record)).due_at(Some(build::start()))
    };
    let commits = (1..=6).map(|done| {
        let (store, changes) = (std::sync::Arc::clone(&store), ChangeSet::new().write(batch(done)));
        async move { (done, store.commit(changes).await) }
    });
    let outcomes = together(fixture, commits).await;
    let applied: Vec<u64> = outcomes
        .into_iter()
        .filter_map(|(done, outcome)| match outcome {
            Ok(Committed::Applied) => Some(done),
            Err(StoreError::Conflict(AggregateRef::Reconciliation(id))) if id == seen.id => None,
            other => panic!("{other:?}"),
        })
        .collect();
    let now: Stored<Reconciliation> = store.load(seen.id).await.unwrap().unwrap();
    assert_eq!(applied, [now.progress.done], "one of the batches is stored completely");
    assert_eq!(now.version, seen.version.next());
    let error = refuse(&*store, ChangeSet::new().write(batch(9))).await;
    assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
    let lease = Lease { now: build::start(), length: TimeDelta::minutes(1) };
    let due = store.claim_due(crate::kernel::Kind::ALL, lease, 10).await.unwrap();
    assert_eq!(due.iter().map(|item| item.target).collect::<Vec<_>>(), [seen.id.into()]);
}

fn part(n: u64, minutes: i64, lines: &[&str]) -> ReconciliationPart {
    let line = |reference: &&str| build::statement_line(reference, 10);
    ReconciliationPart {
        id: build::id(n),
        expires_at: build::start() + TimeDelta::minutes(minutes),
        content: ReconciliationContent::Lines(lines.iter().map(line).collect()),
    }
}

pub(super) async fn keep_the_first_part_of_an_id(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let (first, second) = (part(1, 10, &["A", "B"]), part(2, 10, &["C"]));
    assert_eq!(store.load_part(first.id).await.unwrap(), None);
    store.put_parts(vec![first.clone()]).await.unwrap();
    let other = part(1, 99, &["X"]);
    store.put_parts(vec![other, second.clone()]).await.unwrap();
    assert_eq!(store.load_part(first.id).await.unwrap(), Some(first), "it is written once");
    assert_eq!(store.load_part(second.id).await.unwrap(), Some(second), "other parts are stored");
    store.put_parts(Vec::new()).await.unwrap();
}

pub(super) async fn keep_parts_at_their_largest(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    // Four bytes per character, and the maximum number of characters in a cell of a statement.
    let text = "\u{1f4b0}".repeat(1_000);
    let mut line = build::statement_line(&text, 10);
    line.description = text;
    let content = ReconciliationContent::Lines(vec![line; Reconciliation::ITEMS_PER_PART]);
    let large = ReconciliationPart { content, ..part(1, 10, &[]) };
    store.put_parts(vec![large.clone(), part(2, 10, &["A"])]).await.unwrap();
    assert!(store.load_part(large.id).await.unwrap() == Some(large));
}

pub(super) async fn delete_expired_parts(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let parts = [(1, -2), (2, 0), (3, 1)].map(|(n, minutes)| part(n, minutes, &["A"]));
    store.put_parts(parts.to_vec()).await.unwrap();
    let now = build::start();
    assert_eq!(store.forget_expired_parts(now, 0).await.unwrap(), 0);
    assert_eq!(store.forget_expired_parts(now, 1).await.unwrap(), 1, "no more than the limit");
    assert_eq!(store.load_part(parts[0].id).await.unwrap(), None, "the earliest expired first");
    assert!(store.load_part(parts[1].id).await.unwrap().is_some());
    assert_eq!(store.forget_expired_parts(now, 100).await.unwrap(), 1);
    assert_eq!(store.forget_expired_parts(now, 100).await.unwrap(), 0);
    assert!(store.load_part(parts[2].id).await.unwrap().is_some());
}
