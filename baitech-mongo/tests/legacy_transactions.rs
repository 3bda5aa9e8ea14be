//! Transactions of the earlier application: each can be read, changed and saved without loss.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use baitech_core::kernel::{Currency, Id, Money, PageRequest, Text};
use baitech_core::pricing::Shares;
use baitech_core::store::{ChangeSet, Commit, Committed, Load, Put, Stored};
use baitech_core::testing::build;
use baitech_core::transaction::{
    FraudCheck, FraudDecision, FraudReason, Refund, Transaction, TransactionFilter, TransactionNumber,
    TransactionRepository, TransactionStatus,
};
use baitech_core::{
    booking::{Booking, PaymentStatus},
    transaction::PaymentMethod,
};
use baitech_mongo::MongoStore;
use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use support::{assert_changed, legacy, legacy_database};

async fn prepared() -> MongoStore {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    store.prepare().await.unwrap();
    store
}

async fn raw(store: &MongoStore, id: ObjectId) -> Document {
    let documents = store.database().collection::<Document>("transactions");
    documents.find_one(doc! { "_id": id }).await.unwrap().unwrap()
}

async fn load(store: &MongoStore, id: ObjectId) -> Stored<Transaction> {
    store.load(Id::from_bytes(id.bytes())).await.unwrap().unwrap()
}

async fn save(store: &MongoStore, put: Put<Transaction>) {
    assert_eq!(store.commit(ChangeSet::new().write(put)).await.unwrap(), Committed::Applied);
}

fn id_of(document: &Document) -> ObjectId {
    document.get_object_id("_id").unwrap()
}

fn ids() -> Vec<ObjectId> {
    legacy("transactions").iter().map(id_of).collect()
}

/// The id of the first document that satisfies a condition.
fn first(wanted: impl Fn(&Document) -> bool) -> ObjectId {
    id_of(&legacy("transactions").into_iter().find(wanted).unwrap())
}

fn refund(amount: Money) -> Refund {
    let zero = Money::zero(amount.currency());
    let portions = Shares { payout: amount, platform: zero, processing: zero, withholding: zero };
    let transaction = Some(build::id(5));
    let reason = "half of it was done".to_owned();
    Refund { element: Some(build::id(4)), transaction, amount, portions, reason, refunded_at: build::start() }
}

#[tokio::test(flavor = "multi_thread")]
async fn saving_an_unchanged_transaction_changes_nothing() {
    let store = prepared().await;
    for id in ids() {
        let before = raw(&store, id).await;
        let transaction = load(&store, id).await;
        save(&store, Put::over(&transaction, transaction.value.clone())).await;
        assert_changed(&before, &raw(&store, id).await, &["__v", "formatVersion"]);
        assert_eq!(load(&store, id).await.value, transaction.value);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_transactions_keep_every_field() {
    let store = prepared().await;
    for id in ids() {
        let before = raw(&store, id).await;
        let transaction = load(&store, id).await;
        let mut record = transaction.value.clone().into_record();
        record.status = TransactionStatus::Refunded;
        record.amount.gross = Money::from_major(5_000, Currency::KES);
        record.refunds.push(refund(Money::from_major(7, Currency::KES)));
        record.gateway.attempts = 3;
        record.gateway.token = Some("secret".to_owned());
        record.reason = Some(Text::from_stored("looked at"));
        record.updated_at = build::start();
        record.fraud = Some(FraudCheck {
            score: 44,
            decision: FraudDecision::Review,
            reasons: vec![FraudReason {
                rule: "velocity".to_owned(),
                points: 44,
                explanation: "many attempts".to_owned(),
            }],
            checked_at: build::start(),
            review: None,
        });
        if let Some(split) = record.splits.first_mut() {
            split.amount = Money::from_minor(199_999, Currency::KES);
        }
        let changed = Transaction::from_record(record);
        save(&store, Put::over(&transaction, changed.clone())).await;

        assert_eq!(load(&store, id).await.value, changed);
        let after = raw(&store, id).await;
        let allowed = [
            "__v",
            "formatVersion",
            "status",
            "amount",
            "refunds",
            "gateway",
            "reason",
            "updatedAt",
            "fraudCheck",
            "splits.0.amount",
            "needsPerson",
        ];
        assert_changed(&before, &after, &allowed);
        for field in ["refund", "mpesaDetails", "webhookData", "escrow", "metadata", "failedAt"] {
            assert_eq!(after.get(field), before.get(field), "{field}");
        }
        let gross = after.get_document("amount").unwrap().get("gross").unwrap();
        assert!(matches!(gross, Bson::Decimal128(_)), "money is written as a decimal: {gross}");
        assert!(after.get_bool("needsPerson").unwrap(), "it is listed among those that wait for staff");
        // The values of the earlier layout were converted.
        let old = after.get_document("mpesaDetails").cloned().unwrap_or_default();
        let new = after.get_document("gateway").unwrap();
        assert_eq!(new.get("reference"), old.get("checkoutRequestId"));
        assert_eq!(new.get("receipt"), old.get("mpesaReceiptNumber"));
        assert_eq!(new.get("phone"), old.get("phoneNumber"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_are_kept_at_every_depth() {
    let store = prepared().await;
    let id = first(|document| !document.get_array("splits").unwrap().is_empty());
    let marks = doc! {
        "legacyFlag": [1, { "deep": true }],
        "amount.rounding": 0.004,
        "splits.0.bank": { "name": "Equity" },
        "escrow.vault": "A",
        "fraudCheck.reasons": ["late at night"],
        "fraudCheck.provider": "acme",
        "receipt.url": "https://example.com/r.pdf",
        "settlement.note": "weekly",
    };
    let documents = store.database().collection::<Document>("transactions");
    documents.update_one(doc! { "_id": id }, doc! { "$set": marks }).await.unwrap();
    let before = raw(&store, id).await;
    let transaction = load(&store, id).await;
    assert_eq!(transaction.fraud, None, "a text is not a score");
    let mut record = transaction.value.clone().into_record();
    record.splits[0].description = "changed in place".to_owned();
    record.escrow.held = !record.escrow.held;
    record.settlement.batch = Some("2026-03-02".to_owned());
    record.amount.tax = Money::from_major(1, Currency::KES);
    record.receipt = Some(baitech_core::transaction::DocumentStamp {
        number: "R-1".to_owned(),
        generated_at: build::start(),
    });
    save(&store, Put::over(&transaction, Transaction::from_record(record.clone()))).await;
    assert_eq!(load(&store, id).await.value.into_record(), record);
    let allowed = [
        "__v",
        "formatVersion",
        "splits.0.description",
        "escrow.held",
        "settlement.batch",
        "amount",
        "refunds",
        "receipt.number",
        "receipt.generated",
        "receipt.generatedAt",
    ];
    let after = raw(&store, id).await;
    assert_changed(&before, &after, &allowed);
    assert_eq!(after.get_document("amount").unwrap().get_f64("rounding").unwrap(), 0.004);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_sum_to_the_total_despite_stored_fractions_of_a_cent() {
    let store = prepared().await;
    for id in ids() {
        let transaction = load(&store, id).await;
        let stored = raw(&store, id).await;
        let stored = stored.get_document("amount").unwrap();
        assert_eq!(transaction.amount.shares().total().unwrap(), transaction.amount.gross, "{id}");
        for (line, field) in [
            (transaction.amount.gross, "gross"),
            (transaction.amount.platform_fee, "platformFee"),
            (transaction.amount.processing_fee, "processingFee"),
            (transaction.amount.net, "net"),
        ] {
            let read: f64 = line.amount().to_string().parse().unwrap();
            assert!((read - stored.get_f64(field).unwrap()).abs() < 0.02, "{id} {field}: {line}");
        }
        // The parties' shares were refunded in proportion.
        for refund in &transaction.refunds {
            assert_eq!(refund.portions.total().unwrap(), refund.amount, "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_forms_are_read() {
    // In the original form: the preparation would correct contradictions.
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    for document in legacy("transactions") {
        let id = id_of(&document);
        let transaction = load(&store, id).await;
        assert_eq!(transaction.refunds.len(), usize::from(document.contains_key("refund")), "{id}");
        let failed_at = document.get_datetime("failedAt").ok().map(|at| at.to_chrono());
        assert_eq!(transaction.failure.as_ref().map(|failure| failure.at), failed_at, "{id}");
        let held = document.get_document("escrow").unwrap().get_bool("held").unwrap();
        assert_eq!((transaction.escrow.held, transaction.value.origin.location), (held, None), "{id}");
        assert!((&transaction.receipt, &transaction.reconciliation) == (&None, &None), "{id}");
        assert!(!transaction.needs_person(), "{id}");
        let Ok(mpesa) = document.get_document("mpesaDetails") else {
            assert_eq!(transaction.gateway.reference, None, "{id}");
            continue;
        };
        let reference = mpesa.get_str("checkoutRequestId").unwrap();
        let found = store.find_by_reference(reference).await.unwrap().unwrap();
        assert_eq!((found.id, found.gateway.reference.as_deref()), (transaction.id, Some(reference)));
        let receipt = mpesa.get_str("mpesaReceiptNumber").unwrap();
        assert_eq!(transaction.gateway.receipt.as_deref(), Some(receipt));
    }
    let by_mpesa =
        load(&store, first(|document| document.get_str("paymentMethod").unwrap() == "mpesa")).await;
    assert_eq!(by_mpesa.gateway.provider, Some(PaymentMethod::Mpesa));
    let in_cash = load(&store, first(|document| document.get_str("paymentMethod").unwrap() == "cash")).await;
    assert_eq!(in_cash.gateway.provider, None);
    let split = load(&store, first(|document| !document.get_array("splits").unwrap().is_empty())).await;
    assert_eq!(split.splits[0].percentage.basis_points(), 8_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn engine_fields_take_precedence_over_legacy_fields() {
    let store = prepared().await;
    let id = first(|document| document.contains_key("mpesaDetails"));
    let transaction = load(&store, id).await;
    let reference = transaction.gateway.reference.clone().unwrap();
    let mut record = transaction.value.clone().into_record();
    record.gateway.reference = None;
    record.refunds.clear();
    save(&store, Put::over(&transaction, Transaction::from_record(record.clone()))).await;
    assert_eq!(load(&store, id).await.value.into_record(), record);
    assert!(store.find_by_reference(&reference).await.unwrap().is_none());

    let id = first(|document| document.contains_key("refund"));
    let transaction = load(&store, id).await;
    assert!(!transaction.refunds.is_empty());
    let mut record = transaction.value.clone().into_record();
    record.refunds.clear();
    save(&store, Put::over(&transaction, Transaction::from_record(record))).await;
    assert_eq!(load(&store, id).await.refunds, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_transactions_are_listed_and_counted() {
    let store = prepared().await;
    let (mut found, mut cursor) = (BTreeSet::new(), None);
    loop {
        let request = PageRequest::new(7, cursor).unwrap();
        let page = store.list_transactions(&TransactionFilter::default(), &request).await.unwrap();
        found.extend(page.items.iter().map(|transaction| transaction.id.to_string()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, ids().iter().map(|id| id.to_hex()).collect());
    let totals = store.total_transactions(&TransactionFilter::default()).await.unwrap();
    assert_eq!(totals.iter().map(|total| total.count).sum::<u64>(), 60);
    let mut expected = 0.0;
    for document in legacy("transactions") {
        expected += document.get_document("amount").unwrap().get_f64("gross").unwrap();
    }
    let sum = Money::sum(Currency::KES, totals.iter().map(|total| total.gross)).unwrap();
    let sum: f64 = sum.amount().to_string().parse().unwrap();
    assert!((sum - expected).abs() < 0.5, "{sum} and {expected}");
    let number = TransactionNumber::from_stored("TXN251001000001");
    assert!(store.find_transaction_by_number(&number).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn transaction_without_a_time_or_an_amount_is_read() {
    let store = prepared().await;
    let documents = store.database().collection::<Document>("transactions");
    let id = ids()[3];
    let gone = doc! {
        "createdAt": "", "updatedAt": "", "initiatedAt": "", "amount.tax": "", "amount.currency": "",
        "escrow": "", "metadata": "", "settlement": "", "splits": "", "fraudCheck": "", "__v": "",
    };
    documents.update_one(doc! { "_id": id }, doc! { "$unset": gone }).await.unwrap();
    let bare = load(&store, id).await;
    assert_eq!(bare.created_at, id.timestamp().to_chrono());
    assert_eq!((bare.amount.currency(), bare.version.get()), (Currency::KES, 0));
    let request = PageRequest::new(59, None).unwrap();
    let first = store.list_transactions(&TransactionFilter::default(), &request).await.unwrap();
    let request = PageRequest::new(59, first.next_cursor).unwrap();
    let last = store.list_transactions(&TransactionFilter::default(), &request).await.unwrap();
    assert_eq!(last.items.len(), 1, "after all that have a time");
    assert_eq!(last.items[0].id, bare.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn booking_status_decides_whether_its_payment_is_held() {
    let store = prepared().await;
    let bookings = store.database().collection::<Document>("bookings");
    let id = id_of(&legacy("bookings")[0]);
    let mark = doc! { "$set": { "payment.status": "held" } };
    bookings.update_one(doc! { "_id": id }, mark).await.unwrap();
    let read = || async { store.load(Id::<Booking>::from_bytes(id.bytes())).await.unwrap().unwrap() };
    let booking: Stored<Booking> = read().await;
    assert!(booking.payment.held && !booking.payment.on_hold);
    // A stored flag keeps its value when other fields change.
    let mut before = booking;
    for (status, held) in [
        (PaymentStatus::Held, false),
        (PaymentStatus::Completed, true),
        (PaymentStatus::Completed, false),
        (PaymentStatus::Held, true),
    ] {
        let mut record = before.value.clone().into_record();
        (record.payment.status, record.payment.held, record.payment.on_hold) = (status, held, !held);
        let put = Put::over(&before, Booking::from_record(record.clone()));
        assert_eq!(store.commit(ChangeSet::new().write(put)).await.unwrap(), Committed::Applied);
        before = read().await;
        assert_eq!(before.payment, record.payment);
    }
}
