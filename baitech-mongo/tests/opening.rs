//! The opening ledger of a database of the earlier application.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use baitech_core::Marketplace;
use baitech_core::kernel::{Currency, Id, Money};
use baitech_core::ledger::Account;
use baitech_core::opening::OpeningIssue;
use baitech_core::store::{AggregateRef, ChangeSet, Claim, Commit, LedgerReader, Load, Put, Stored};
use baitech_core::testing::build;
use baitech_core::transaction::{Transaction, TransactionKind, TransactionStatus};
use baitech_core::{
    booking::{Booking, BookingStatus, PaymentStatus},
    transaction::PaymentMethod,
};
use baitech_mongo::testing::{FailCommand, TestServer};
use baitech_mongo::{MongoStore, connect};
use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use mongodb::Database;
use support::{legacy, legacy_database, uri_for};

type Sums = BTreeMap<(Account, &'static str), Money>;

async fn opened() -> MongoStore {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    store.prepare().await.unwrap();
    store
}

async fn load<A>(store: &MongoStore, id: &Bson) -> Stored<A>
where
    MongoStore: Load<A>,
{
    let id = Id::from_bytes(id.as_object_id().unwrap().bytes());
    store.load(id).await.unwrap().unwrap()
}

async fn transactions(store: &MongoStore) -> Vec<Stored<Transaction>> {
    let mut all = Vec::new();
    for document in legacy("transactions") {
        all.push(load(store, document.get("_id").unwrap()).await);
    }
    all
}

async fn stored(database: &Database, collection: &str) -> Vec<Document> {
    let documents = database.collection::<Document>(collection);
    documents.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap().try_collect().await.unwrap()
}

/// The ledger without the times of its entries, which depend on the run.
async fn ledger(database: &Database) -> Vec<Document> {
    let mut entries = stored(database, "ledger").await;
    entries.iter_mut().for_each(|entry| drop(entry.remove("at")));
    entries
}

fn sums(lines: Vec<(Account, Money)>) -> Sums {
    let lines = lines.into_iter().filter(|(_, amount)| !amount.is_zero());
    lines.map(|(account, amount)| ((account, amount.currency().code()), amount)).collect()
}

fn kes(minor: i64) -> Money {
    Money::from_minor(minor, Currency::KES)
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_entries_balance_and_escrow_equals_held_payments() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    let report = store.prepare().await.unwrap();
    assert_eq!(report.transactions, 60);
    assert_eq!(report.unreadable, Vec::<String>::new());
    assert_eq!(report.differences.len(), usize::try_from(report.difference_count).unwrap());

    let balances = sums(store.trial_balance().await.unwrap());
    assert_eq!(sums(store.recount().await.unwrap()), balances);
    let total = Money::sum(Currency::KES, balances.values().copied()).unwrap();
    assert!(total.is_zero(), "{total}");
    for ((account, _), balance) in &balances {
        assert!(!account.is_bounded() || !balance.is_negative(), "{account}: {balance}");
    }

    let mut held = Sums::new();
    for transaction in transactions(&store).await {
        if transaction.status.is_settled() {
            let shares = transaction.net_shares().unwrap().total().unwrap();
            assert_eq!(shares, transaction.captured().unwrap(), "{}", transaction.number);
        }
        if transaction.escrow.held {
            let account = Account::Escrow(transaction.booking.unwrap());
            held.insert((account, "KES"), transaction.captured().unwrap());
            let booking: Stored<Booking> = store.load(transaction.booking.unwrap()).await.unwrap().unwrap();
            assert_eq!(booking.payment.transaction, Some(transaction.id));
            assert!(booking.payment.held);
        }
    }
    let escrows = balances.iter().filter(|((account, _), _)| matches!(account, Account::Escrow(_)));
    assert_eq!(escrows.map(|(key, sum)| (*key, *sum)).collect::<Sums>(), held);

    let of = |name: &str| report.opening.iter().find(|(of, _)| of == name).map(|(_, sum)| *sum);
    let escrow = Money::sum(Currency::KES, held.values().copied()).unwrap();
    assert_eq!(of("escrow"), Some(escrow));
    assert_eq!(of("opening_balance"), balances.get(&(Account::OpeningBalance, "KES")).copied());
}

/// Computed by hand: the two held wallet payments, and the two without a technician.
#[tokio::test(flavor = "multi_thread")]
async fn opening_balances_of_the_sample_are_as_expected() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    let report = store.prepare().await.unwrap();
    let held: Vec<_> = transactions(&store).await.into_iter().filter(|payment| payment.escrow.held).collect();
    let mut found: Vec<_> =
        held.iter().map(|payment| (payment.method, payment.captured().unwrap())).collect();
    found.sort_by_key(|(_, amount)| amount.amount());
    let expected = [
        // Half of 7,548.70 was refunded.
        (PaymentMethod::Mpesa, kes(377_435)),
        (PaymentMethod::Wallet, kes(90_756)),
        (PaymentMethod::Wallet, kes(402_157)),
        (PaymentMethod::Card, kes(437_914)),
    ];
    let mut expected = expected.to_vec();
    expected.sort_by_key(|(_, amount)| amount.amount());
    assert_eq!(found, expected);
    let count = |what| report.differences.iter().filter(|difference| difference.what == what).count();
    assert_eq!(count(OpeningIssue::NoTechnician), 2);
    assert_eq!(count(OpeningIssue::RefundUnknown), 6);
    assert_eq!(count(OpeningIssue::OutcomeUnknown), 3);
    assert_eq!(count(OpeningIssue::Negative), 0);
    assert_eq!(count(OpeningIssue::Currencies), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn consistent_transactions_are_left_unchanged() {
    let store = opened().await;
    let before = legacy("transactions");
    let after = stored(store.database(), "transactions").await;
    let mut untouched = 0;
    for document in after {
        let id = document.get_object_id("_id").unwrap();
        let old = before.iter().find(|old| old.get_object_id("_id").unwrap() == id).unwrap();
        if document == *old {
            untouched += 1;
            continue;
        }
        // Fields that the engine does not know are kept.
        for field in ["refund", "mpesaDetails", "webhookData", "metadata", "transactionNumber"] {
            assert_eq!(document.get(field), old.get(field), "{id} {field}");
        }
        assert_eq!(document.get_i32("__v").unwrap(), 1);
    }
    assert!(untouched > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_changes_nothing() {
    let store = opened().await;
    let database = store.database().clone();
    let all = async || {
        let mut all = Vec::new();
        for collection in ["ledger", "balances", "transactions", "bookings"] {
            all.push(stored(&database, collection).await);
        }
        all
    };
    let before = all().await;
    assert!(store.prepare().await.unwrap().already);
    // As after a crash before the mark was set.
    database.collection::<Document>("migrations").delete_one(doc! { "_id": "prepare" }).await.unwrap();
    let again = MongoStore::open(database.clone()).await.unwrap().prepare().await.unwrap();
    assert!(!again.already);
    assert_eq!((again.opened, again.corrected, again.linked), (0, 0, 0));
    assert_eq!(all().await, before);
}

/// More transactions than fit into one commit: the sample five times, for the same users and bookings.
async fn five_samples(database: &Database) {
    for collection in ["users", "bookings"] {
        database.collection::<Document>(collection).insert_many(legacy(collection)).await.unwrap();
    }
    let sample = legacy("transactions");
    let copies = (0..5_u8).flat_map(|n| {
        sample.iter().map(move |document| {
            let mut copy = document.clone();
            let mut id = document.get_object_id("_id").unwrap().bytes();
            id[4] ^= n;
            copy.insert("_id", ObjectId::from_bytes(id));
            let number = document.get_str("transactionNumber").unwrap();
            copy.insert("transactionNumber", format!("{}{n}{}", &number[..9], &number[10..]));
            copy
        })
    });
    let copies: Vec<_> = copies.collect();
    database.collection::<Document>("transactions").insert_many(copies).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_opening_resumes_to_the_same_balances() {
    const APP: &str = "opening";
    let server = TestServer::start().await.unwrap();
    let admin = connect(server.uri()).await.unwrap().client().clone();
    let plain = connect(&server.uri_of("plain")).await.unwrap();
    five_samples(&plain).await;
    let store = MongoStore::open(plain.clone()).await.unwrap();
    let whole = store.prepare().await.unwrap();
    let expected = (ledger(&plain).await, sums(store.trial_balance().await.unwrap()));
    assert_eq!(sums(store.recount().await.unwrap()), expected.1);
    assert!(whole.opened > 100, "{}", whole.opened);

    // Before the first commit of this step, between the adjustments and the entries, and between two batches
    // of entries.
    let mut interrupted = 0;
    for spared in 0..12 {
        let name = format!("interrupted{spared}");
        let database = connect(&uri_for(&server, &name, APP)).await.unwrap();
        five_samples(&database).await;
        let store = MongoStore::open(database.clone()).await.unwrap();
        let fault = FailCommand::of(&["commitTransaction"], APP).with_code(8_000, &[]);
        fault.arm_after(&admin, spared).await.unwrap();
        let outcome = store.prepare().await;
        FailCommand::disarm(&admin).await.unwrap();
        if outcome.is_ok() {
            break;
        }
        interrupted += 1;
        let part = ledger(&database).await.len();
        assert!(part < expected.0.len());
        let report = MongoStore::open(database.clone()).await.unwrap().prepare().await.unwrap();
        assert_eq!(report.opening, whole.opening);
        assert_eq!(report.differences, whole.differences);
        assert_eq!(ledger(&database).await, expected.0, "after {spared} commits");
        assert_eq!(sums(store.trial_balance().await.unwrap()), expected.1);
        assert_eq!(sums(store.recount().await.unwrap()), expected.1);
    }
    assert!(interrupted > 3, "{interrupted}");
}

/// The engine on a store, with an admin.
async fn engine(store: &MongoStore) -> (Marketplace, baitech_core::kernel::Actor) {
    let admin = build::admin(1);
    let holder = AggregateRef::User(admin.id);
    let take = admin.claims().into_iter().map(|key| Claim { key, holder }).collect();
    let actor = admin.actor();
    let adding = ChangeSet { take, ..ChangeSet::new().write(Put::new(admin)) };
    let _ = store.commit(adding).await.unwrap();
    (Marketplace::builder(Arc::new(store.clone())).build(), actor)
}

async fn held_for(store: &MongoStore, status: BookingStatus) -> (Stored<Transaction>, Stored<Booking>) {
    for transaction in transactions(store).await {
        let Some(booking) = transaction.booking.filter(|_| transaction.escrow.held) else { continue };
        let booking: Stored<Booking> = store.load(booking).await.unwrap().unwrap();
        if booking.status == status {
            return (transaction, booking);
        }
    }
    panic!("no money is held for a booking with status {status}")
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_held_payments_can_be_released_and_refunded() {
    let store = opened().await;
    let (market, admin) = engine(&store).await;
    let balance = async |account| store.balance(account, Currency::KES).await.unwrap();

    let (payment, booking) = held_for(&store, BookingStatus::Completed).await;
    assert_eq!(payment.kind, TransactionKind::BookingPayment);
    let technician = Account::Payable(payment.payee.unwrap());
    let (before, shares) = (balance(technician).await, payment.net_shares().unwrap());
    market.payments().release(&admin, payment.id).await.unwrap();
    assert!(balance(Account::Escrow(booking.id)).await.is_zero());
    assert_eq!(balance(technician).await, before.checked_add(shares.payout).unwrap());

    let (payment, booking) = held_for(&store, BookingStatus::PaymentPending).await;
    let wallet = Account::Wallet(payment.payer.unwrap());
    let (before, captured) = (balance(wallet).await, payment.captured().unwrap());
    let part = kes(50_001);
    let rest = captured.checked_sub(part).unwrap();
    market.payments().refund(&admin, payment.id, part, "not done").await.unwrap();
    assert_eq!(balance(Account::Escrow(booking.id)).await, rest);
    market.payments().refund(&admin, payment.id, rest, "not done").await.unwrap();
    assert!(balance(Account::Escrow(booking.id)).await.is_zero());
    assert_eq!(balance(wallet).await, before.checked_add(captured).unwrap());
    let payment: Stored<Transaction> = store.load(payment.id).await.unwrap().unwrap();
    assert_eq!(payment.status, TransactionStatus::Refunded);
    let booking: Stored<Booking> = store.load(booking.id).await.unwrap().unwrap();
    assert_eq!(booking.payment.status, PaymentStatus::Refunded);
    assert_eq!(sums(store.recount().await.unwrap()), sums(store.trial_balance().await.unwrap()));
}
