//! Running balances: started once under concurrent commits, and spread over several documents for the
//! accounts of the platform.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use baitech_core::kernel::{Currency, PageRequest};
use baitech_core::ledger::Account;
use baitech_core::store::{AggregateRef, ChangeSet, Commit, Committed, LedgerReader, Put, StoreError};
use baitech_core::testing::build::{self, customer, entry, kes};
use baitech_core::transaction::PaymentMethod;
use baitech_mongo::MongoStore;
use bson::{Bson, Document, doc};

const MPESA: Account = Account::Clearing(PaymentMethod::Mpesa);

/// A commit that registers user `n` with a wallet top-up, of which the platform receives a part.
fn paid(n: u64) -> ChangeSet {
    let user = customer(n);
    let (cause, wallet) = (AggregateRef::User(user.id), Account::Wallet(user.id));
    let entries = vec![
        entry(n * 2, cause, MPESA, wallet, kes(10)),
        entry(n * 2 + 1, cause, wallet, Account::PlatformRevenue, kes(1)),
    ];
    ChangeSet { entries, ..ChangeSet::new().write(Put::new(user)) }
}

async fn commit(store: &MongoStore, changes: ChangeSet) {
    assert_eq!(store.commit(changes).await.unwrap(), Committed::Applied);
}

/// A ledger of an earlier version: 30 entries without running balances.
async fn without_balances() -> MongoStore {
    let store = support::store().await;
    for n in 0..15 {
        commit(&store, paid(n)).await;
    }
    collection(&store, "balances").delete_many(doc! {}).await.unwrap();
    collection(&store, "migrations").delete_one(doc! { "_id": "balances" }).await.unwrap();
    store
}

fn collection(store: &MongoStore, name: &str) -> mongodb::Collection<Document> {
    store.database().collection(name)
}

async fn assert_all_count(store: &MongoStore, commits: i64) {
    let balances = store.trial_balance().await.unwrap();
    assert_eq!(store.recount().await.unwrap(), balances);
    assert_eq!(store.balance(Account::PlatformRevenue, Currency::KES).await.unwrap(), kes(commits));
    assert_eq!(store.balance(MPESA, Currency::KES).await.unwrap(), kes(-10 * commits));
    let wallet = Account::Wallet(customer(3).id);
    assert_eq!(store.balance(wallet, Currency::KES).await.unwrap(), kes(9));
}

async fn reopened(store: &MongoStore) -> MongoStore {
    MongoStore::open(store.database().clone()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ledger_without_balances_is_summed_on_opening() {
    let old = without_balances().await;
    let store = reopened(&old).await;
    assert_all_count(&store, 15).await;
    commit(&store, paid(20)).await;
    assert_all_count(&store, 16).await;
    let _again = reopened(&store).await;
    assert_all_count(&store, 16).await;
    let too_much =
        entry(900, AggregateRef::User(customer(30).id), Account::Wallet(customer(3).id), MPESA, kes(10));
    let overdrawing = ChangeSet { entries: vec![too_much], ..ChangeSet::new().write(Put::new(customer(30))) };
    assert!(matches!(store.commit(overdrawing).await, Err(StoreError::OutOfBounds(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_processes_can_sum_the_ledger_and_continue_booking() {
    for _ in 0..10 {
        let old = without_balances().await;
        let process = |first: u64| {
            let database = old.database().clone();
            tokio::spawn(async move {
                let store = MongoStore::open(database).await.unwrap();
                for n in first..first + 5 {
                    commit(&store, paid(n)).await;
                }
            })
        };
        let processes: Vec<_> = (1..=4).map(|number| process(number * 100)).collect();
        for process in processes {
            process.await.unwrap();
        }
        assert_all_count(&reopened(&old).await, 15 + 20).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_summing_resumes() {
    let old = without_balances().await;
    let store = reopened(&old).await;
    // As after a crash: some balances exist, and the marker is missing.
    collection(&store, "migrations").delete_one(doc! { "_id": "balances" }).await.unwrap();
    let balances = collection(&store, "balances");
    for account in [Account::Wallet(customer(3).id), MPESA] {
        let removed = balances.delete_one(doc! { "account": account.to_string() }).await.unwrap();
        assert_eq!(removed.deleted_count, 1);
    }
    let store = reopened(&store).await;
    assert_all_count(&store, 15).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ledger_restored_into_an_open_store_is_summed_before_the_next_entry() {
    use futures::TryStreamExt;
    let old = without_balances().await;
    let found = collection(&old, "ledger").find(doc! {}).await.unwrap();
    let entries: Vec<Document> = found.try_collect().await.unwrap();
    let store = support::store().await;
    assert_eq!(store.trial_balance().await.unwrap(), []);
    collection(&store, "ledger").insert_many(entries).await.unwrap();
    commit(&store, paid(20)).await;
    assert_all_count(&store, 16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_do_not_share_a_document() {
    let store = support::store().await;
    for n in 0..60 {
        commit(&store, paid(n)).await;
    }
    let balances = collection(&store, "balances");
    let parts = doc! { "account": Account::PlatformRevenue.to_string() };
    assert!(balances.count_documents(parts).await.unwrap() > 20);
    let wallet = doc! { "account": Account::Wallet(customer(3).id).to_string() };
    assert_eq!(balances.count_documents(wallet).await.unwrap(), 1);
    assert_all_count(&store, 60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_entry_does_not_hide_the_others() {
    let store = support::store().await;
    for n in 0..12 {
        commit(&store, paid(n)).await;
    }
    let ledger = collection(&store, "ledger");
    for n in [0, 8, 22] {
        let id = bson::oid::ObjectId::from_bytes(build::id::<()>(n).to_bytes());
        let broken = doc! { "$set": { "postings.1.amount": Bson::from("much") } };
        assert_eq!(ledger.update_one(doc! { "_id": id }, broken).await.unwrap().modified_count, 1);
    }
    for limit in [1, 2, 100] {
        let (mut found, mut cursor) = (BTreeSet::new(), None);
        loop {
            let page = store.account_lines(MPESA, &PageRequest::new(limit, cursor).unwrap()).await.unwrap();
            found.extend(page.items.iter().map(|line| line.entry));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found.len(), 12 - 3, "in pages of {limit}");
    }
}
