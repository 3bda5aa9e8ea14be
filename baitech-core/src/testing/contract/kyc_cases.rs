use chrono::TimeDelta;

use super::{
    Fixture,
    given::{apply, refuse, samples},
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    account::{KycCase, KycCaseFilter, KycCaseRecord, KycCaseStatus},
    ports::Store,
    store::{ChangeSet, Claim, ClaimKey, Lease, Put, StoreError, Stored},
    testing::{Sample, build},
};

/// Case `n`, submitted some milliseconds after the start.
fn case(n: u64, millis: i64, status: KycCaseStatus) -> KycCase {
    let mut record = KycCase::sample(n).into_record();
    record.submitted_at += TimeDelta::milliseconds(millis);
    record.status = status;
    KycCase::from_record(record)
}

/// Cases in every status, four per submission time; the earliest first.
async fn stored(store: &dyn Store) -> Vec<KycCase> {
    let status = |n: u64| KycCaseStatus::ALL[usize::try_from(n % 3).unwrap()];
    let mut cases: Vec<_> =
        (0..40_u64).map(|n| case(n, i64::try_from((n * 7 % 40) / 4).unwrap(), status(n))).collect();
    for batch in cases.chunks(20) {
        let puts = batch.iter().cloned().map(Put::new);
        apply(store, puts.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    cases.sort_by_key(|case| (case.submitted_at, case.id));
    cases
}

async fn listed(store: &dyn Store, filter: KycCaseFilter, limit: u32) -> Vec<KycCase> {
    let found = walk(limit, |page| async move { store.list_kyc_cases(filter, &page).await }).await;
    found.into_iter().map(|case| case.value).collect()
}

pub(super) async fn are_listed_by_status(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let cases = stored(store).await;
    for status in KycCaseStatus::ALL.into_iter().map(Some).chain([None]) {
        let holds = |case: &&KycCase| status.is_none_or(|status| case.status == status);
        let expected: Vec<KycCase> = cases.iter().filter(holds).cloned().collect();
        for limit in [1, 7, 40, 100] {
            let found = listed(store, KycCaseFilter { status }, limit).await;
            assert_eq!(found, expected, "{status:?} in pages of {limit}");
        }
    }
}

pub(super) async fn are_paged_while_others_come(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let cases = stored(store).await;
    let list = |page| async move { store.list_kyc_cases(KycCaseFilter::default(), &page).await };
    let found = walk_while_changing(9, list, |number, first: Option<Stored<KycCase>>| async move {
        // An earlier case or a reminder does not change the order of later items.
        let earlier = case(100 + number, -1_000, KycCaseStatus::Open);
        apply(store, ChangeSet::new().write(Put::new(earlier))).await;
        if let Some(first) = first {
            apply(store, ChangeSet::new().write(Put::over(&first, first.value.clone()))).await;
        }
    });
    let seen = found.await.into_iter().map(|case| (case.submitted_at, case.id));
    assert_complete(seen.collect(), cases.iter().map(|case| case.id));
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    assert_refuses_foreign_cursors(|page| async move {
        store.list_kyc_cases(KycCaseFilter::default(), &page).await
    })
    .await;
}

pub(super) async fn are_read_as_written(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut last = Vec::new();
    for (number, (first, second)) in (0..).zip(samples((KycCase::any(), KycCase::any()), 64)) {
        let id = build::id(number);
        let apart = |case: KycCase| KycCase::from_record(KycCaseRecord { id, ..case.into_record() });
        let (first, second) = (apart(first), apart(second));
        apply(&*store, ChangeSet::new().write(Put::new(first.clone()))).await;
        let stored: Stored<KycCase> = store.load(id).await.unwrap().expect("is there");
        assert_eq!(stored.value, first, "a new case");
        apply(&*store, ChangeSet::new().write(Put::over(&stored, second.clone()))).await;
        let stored: Stored<KycCase> = store.load(id).await.unwrap().expect("is there");
        assert_eq!(stored.value, second, "a case over another");
        last.push(second);
    }
    last.sort_by_key(|case| (case.submitted_at, case.id));
    assert_eq!(listed(&*store, KycCaseFilter::default(), 100).await, last, "in a list");
}

pub(super) async fn are_due_until_closed(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let (first, second) = (KycCase::sample(1), KycCase::sample(2));
    let key = ClaimKey::new("kyc_case.user", first.user);
    let claim = |case: &KycCase| vec![Claim { key: key.clone(), holder: case.id.into() }];
    let due = ChangeSet::new().write(Put::new(first.clone()).due_at(Some(build::start())));
    apply(&*store, ChangeSet { take: claim(&first), ..due }).await;
    let rival = ChangeSet { take: claim(&second), ..ChangeSet::new().write(Put::new(second.clone())) };
    let refused = refuse(&*store, rival.clone()).await;
    assert!(matches!(refused, StoreError::Claimed(held) if held.holder == first.id.into()));

    let lease = Lease { now: build::start(), length: TimeDelta::minutes(1) };
    let items = store.claim_due(crate::kernel::Kind::ALL, lease, 10).await.unwrap();
    assert_eq!(items.iter().map(|item| item.target).collect::<Vec<_>>(), [first.id.into()]);
    let open: Stored<KycCase> = store.load(first.id).await.unwrap().unwrap();
    let closed = ChangeSet::new().write(Put::over(&open, case(1, 0, KycCaseStatus::Verified)));
    apply(&*store, ChangeSet { free: claim(&first), ..closed }).await;
    let later = Lease { now: build::start() + TimeDelta::days(400), ..lease };
    assert_eq!(store.claim_due(crate::kernel::Kind::ALL, later, 10).await.unwrap(), []);
    apply(&*store, rival).await;
}
