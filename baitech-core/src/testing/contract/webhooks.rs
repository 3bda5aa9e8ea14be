use std::cmp::Reverse;

use chrono::TimeDelta;

use super::{
    Fixture,
    given::apply,
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    kernel::PageRequest,
    payment::{Webhook, WebhookStatus},
    ports::Store,
    store::{ChangeSet, Lease, Put, Stored},
    testing::build,
};

/// Webhook `n`, received some milliseconds after the start.
fn call(n: u64, millis: i64, status: WebhookStatus) -> Webhook {
    let mut record = build::webhook(n).into_record();
    record.received_at += TimeDelta::milliseconds(millis);
    record.status = status;
    Webhook::from_record(record)
}

/// Webhooks in every status, four per time of receipt; the newest first.
async fn stored(store: &dyn Store) -> Vec<Webhook> {
    let mut calls = Vec::new();
    for n in 0..60_u64 {
        let all = WebhookStatus::ALL;
        let status = all[usize::try_from(n).unwrap() % all.len()];
        calls.push(call(n, i64::try_from((n * 7 % 60) / 4).unwrap(), status));
    }
    for batch in calls.chunks(20) {
        let puts = batch.iter().cloned().map(Put::new);
        apply(store, puts.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    calls.sort_by_key(|call| (Reverse(call.received_at), call.id));
    calls
}

pub(super) async fn are_listed_by_status(fixture: &dyn Fixture) {
    use WebhookStatus::{Applied, Received, Rejected};
    let store = &*fixture.store().await;
    let calls = stored(store).await;
    for statuses in [vec![], vec![Received], vec![Rejected, Applied, Rejected]] {
        let statuses = &statuses;
        let found = walk(7, |page| async move { store.list_webhooks(statuses, &page).await }).await;
        let found: Vec<_> = found.into_iter().map(|call| call.value).collect();
        let holds = |call: &&Webhook| statuses.is_empty() || statuses.contains(&call.status);
        let expected: Vec<Webhook> = calls.iter().filter(holds).cloned().collect();
        assert_eq!(found, expected, "{statuses:?}");
    }
    // A webhook whose status changes moves to another list.
    let first = calls.iter().find(|call| call.status == Received).unwrap();
    let loaded: Stored<Webhook> = store.load(first.id).await.unwrap().unwrap();
    let mut record = loaded.value.clone().into_record();
    record.status = WebhookStatus::DeadLetter;
    apply(store, ChangeSet::new().write(Put::over(&loaded, Webhook::from_record(record)))).await;
    let page = store.list_webhooks(&[first.status], &PageRequest::new(100, None).unwrap()).await.unwrap();
    assert!(page.items.iter().all(|call| call.id != first.id));
}

pub(super) async fn are_paged_while_others_come(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let calls = stored(store).await;
    let list = |page| async move { store.list_webhooks(&[], &page).await };
    let found = walk_while_changing(9, list, |number, _| async move {
        for (place, millis) in (0..).zip([1_000, -1_000, i64::try_from(number).unwrap() + 3]) {
            let come = call((100 + number) * 10 + place, millis, WebhookStatus::Received);
            apply(store, ChangeSet::new().write(Put::new(come))).await;
        }
    });
    let seen = found.await.into_iter().map(|call| (Reverse(call.received_at), call.id));
    assert_complete(seen.collect(), calls.iter().map(|call| call.id));
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    assert_refuses_foreign_cursors(|page| async move { store.list_webhooks(&[], &page).await }).await;
}

pub(super) async fn are_deleted_once_they_expire(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let now = build::start();
    let expiring = |n: u64, at: Option<i64>| {
        let mut record = call(n, 0, WebhookStatus::Applied).into_record();
        record.expires_at = at.map(|minutes| now + TimeDelta::minutes(minutes));
        record.next_at = None;
        Webhook::from_record(record)
    };
    // Two have expired, one expires later, one has no expiry, and staff have retried one.
    let calls = [(1, Some(-2)), (2, Some(0)), (3, Some(1)), (4, None), (5, Some(-9))];
    let puts = calls.map(|(n, at)| Put::new(expiring(n, at)));
    apply(&*store, puts.into_iter().fold(ChangeSet::new(), ChangeSet::write)).await;
    let retried: Stored<Webhook> = store.load(expiring(5, None).id).await.unwrap().unwrap();
    let put = Put::over(&retried, expiring(5, None)).due_at(Some(now));
    apply(&*store, ChangeSet::new().write(put)).await;

    assert_eq!(store.forget_expired_webhooks(now, 0).await.unwrap(), 0);
    assert_eq!(store.forget_expired_webhooks(now, 1).await.unwrap(), 1, "no more than the limit");
    let left = async |n: u64| {
        let found: Option<Stored<Webhook>> = store.load(expiring(n, None).id).await.unwrap();
        found.is_some()
    };
    assert!(!left(1).await && left(2).await, "the earliest expired first");
    assert_eq!(store.forget_expired_webhooks(now, 100).await.unwrap(), 1);
    assert_eq!(store.forget_expired_webhooks(now, 100).await.unwrap(), 0);
    assert!(!left(2).await && left(3).await && left(4).await && left(5).await);
    let page = store.list_webhooks(&[], &PageRequest::new(100, None).unwrap()).await.unwrap();
    assert_eq!(page.items.len(), 3);
    let lease = Lease { now, length: TimeDelta::minutes(1) };
    assert_eq!(
        store.claim_due(crate::kernel::Kind::ALL, lease, 10).await.unwrap().len(),
        1,
        "a deleted webhook is not due"
    );
}
