//! Identity checks on a real server: the stored form, the indexes, and documents that cannot be read.

#![cfg(feature = "testing")]
mod support;

use baitech_core::account::{KycCase, KycCaseFilter, KycCaseRepository, KycCaseStatus};
use baitech_core::kernel::PageRequest;
use baitech_core::store::{ChangeSet, Commit, Load, Put, StoreError, Stored};
use baitech_core::testing::{Sample, build};
use bson::{Document, doc};
use support::explain::{recorded, without_index};

#[tokio::test]
async fn documents_have_the_documented_form() {
    let store = support::store().await;
    let put = Put::new(KycCase::sample(1)).due_at(Some(build::start()));
    let _ = store.commit(ChangeSet::new().write(put)).await.unwrap();
    let cases = store.database().collection::<Document>("kyccases");
    let mut found = cases.find_one(doc! {}).await.unwrap().unwrap();
    let start = bson::DateTime::from_chrono(build::start());
    assert_eq!(
        found.remove("_id").unwrap().as_object_id().unwrap().to_hex(),
        KycCase::sample(1).id.to_string()
    );
    assert_eq!(
        found.remove("user").unwrap().as_object_id().unwrap().to_hex(),
        build::customer(1).id.to_string()
    );
    let expected = doc! {
        "documents": { "idType": "passport", "idNumber": "A0000001", "frontImage": "front-1.jpg" },
        "status": "open",
        "submittedAt": start,
        "reminders": 0,
        "updatedAt": start,
        "__v": 0,
        "formatVersion": 1,
        "dueAt": start,
    };
    let sorted = |document: Document| {
        let mut fields: Vec<_> = document.into_iter().collect();
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        fields
    };
    assert_eq!(sorted(found), sorted(expected));
}

#[tokio::test]
async fn unreadable_case_is_left_out_of_lists() {
    let store = support::store().await;
    for n in 1..=3 {
        let _ = store.commit(ChangeSet::new().write(Put::new(KycCase::sample(n)))).await.unwrap();
    }
    let cases = store.database().collection::<Document>("kyccases");
    let broken = doc! { "documents.idNumber": "A0000002" };
    cases.update_one(broken, doc! { "$set": { "status": "lost", "__v": 4 } }).await.unwrap();
    let loaded: Result<Option<Stored<KycCase>>, _> = store.load(KycCase::sample(2).id).await;
    assert!(matches!(loaded, Err(StoreError::Corrupt { collection: "kyccases", .. })), "{loaded:?}");
    let page = store.list_kyc_cases(KycCaseFilter::default(), &PageRequest::default()).await.unwrap();
    let ids: Vec<_> = page.items.iter().map(|case| case.id).collect();
    assert_eq!(ids, [1, 3].map(|n| KycCase::sample(n).id));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_has_an_index() {
    let (store, sent) = recorded().await;
    for batch in 0..20 {
        let writes = (0..20).map(|n| Put::new(KycCase::sample(batch * 20 + n)));
        let _ = store.commit(writes.fold(ChangeSet::new(), ChangeSet::write)).await.unwrap();
    }
    sent.lock().unwrap().clear();
    for status in KycCaseStatus::ALL.into_iter().map(Some).chain([None]) {
        let filter = KycCaseFilter { status };
        let first = store.list_kyc_cases(filter, &PageRequest::new(20, None).unwrap()).await.unwrap();
        store.list_kyc_cases(filter, &PageRequest::new(20, first.next_cursor).unwrap()).await.unwrap();
    }
    let bad = without_index(&store, &sent).await;
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(sent.lock().unwrap().len() >= 8);
}
