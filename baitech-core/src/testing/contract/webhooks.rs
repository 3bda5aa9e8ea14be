use std::{cmp::Reverse, collections::BTreeSet};

use chrono::TimeDelta;

use super::{Fixture, given::apply};
use crate::{
    kernel::{Cursor, Id, PageRequest},
    payment::{Webhook, WebhookStatus},
    store::{ChangeSet, Put, Store, StoreError, Stored},
    testing::build,
};

/// Call `n`, which came some milliseconds after the start.
fn call(n: u64, millis: i64, status: WebhookStatus) -> Webhook {
    let mut record = build::webhook(n).into_record();
    record.received_at += TimeDelta::milliseconds(millis);
    record.status = status;
    Webhook::from_record(record)
}

/// Calls in every status, four of each moment; the newest first.
async fn stored(store: &dyn Store) -> Vec<Webhook> {
    let mut calls = Vec::new();
    for n in 0..60_u64 {
        let status = WebhookStatus::ALL[usize::try_from(n % 5).unwrap()];
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
    let store = fixture.store().await;
    let calls = stored(&*store).await;
    for statuses in [vec![], vec![Received], vec![Rejected, Applied, Rejected]] {
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page = store.list_webhooks(&statuses, &PageRequest::new(7, cursor).unwrap()).await.unwrap();
            assert!(page.items.len() <= 7);
            found.extend(page.items.into_iter().map(|call| call.value));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let holds = |call: &&Webhook| statuses.is_empty() || statuses.contains(&call.status);
        let expected: Vec<Webhook> = calls.iter().filter(holds).cloned().collect();
        assert_eq!(found, expected, "{statuses:?}");
    }
    // One that was looked at is in another list.
    let first = &calls[0];
    let loaded: Stored<Webhook> = store.load(first.id).await.unwrap().unwrap();
    let handled = call(0, 0, WebhookStatus::Duplicate).into_record().status;
    let mut record = loaded.value.clone().into_record();
    record.status = handled;
    apply(&*store, ChangeSet::new().write(Put::over(&loaded, Webhook::from_record(record)))).await;
    let page = store.list_webhooks(&[first.status], &PageRequest::new(100, None).unwrap()).await.unwrap();
    assert!(page.items.iter().all(|call| call.id != first.id));
}

pub(super) async fn are_paged_while_others_come(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let calls = stored(&*store).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    for n in 100_u64.. {
        let request = PageRequest::new(9, cursor).unwrap();
        let page = store.list_webhooks(&[], &request).await.unwrap();
        seen.extend(page.items.iter().map(|call| (Reverse(call.received_at), call.id)));
        for (place, millis) in (0..).zip([1_000, -1_000, i64::try_from(n - 97).unwrap()]) {
            let come = call(n * 10 + place, millis, WebhookStatus::Received);
            apply(&*store, ChangeSet::new().write(Put::new(come))).await;
        }
        cursor = page.next_cursor;
        if cursor.is_none() || n > 150 {
            break;
        }
    }
    assert!(seen.is_sorted());
    let distinct: BTreeSet<Id<Webhook>> = seen.iter().map(|(_, id)| *id).collect();
    assert_eq!(distinct.len(), seen.len(), "none twice");
    assert!(calls.iter().all(|call| distinct.contains(&call.id)), "none left out");
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    for text in ["", "~", "nonsense", "1~2", "x~6b02a8c0ffb68dbb1a224c14"] {
        let request = PageRequest::new(5, Some(Cursor::from_text(text))).unwrap();
        let refused = store.list_webhooks(&[], &request).await;
        let Err(StoreError::Cursor(violation)) = refused else { panic!("{text:?}: {refused:?}") };
        assert_eq!(violation.field, "cursor");
    }
}
