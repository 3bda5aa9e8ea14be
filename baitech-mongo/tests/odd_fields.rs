//! Unreadable fields of the earlier application on a real server: they are reported, and every save keeps
//! them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use baitech_core::account::User;
use baitech_core::booking::{Booking, BookingStatus, StatusChange};
use baitech_core::kernel::{Id, Text};
use baitech_core::store::{ChangeSet, Commit, Committed, Load, Put};
use baitech_core::testing::build;
use baitech_core::transaction::Transaction;
use baitech_mongo::MongoStore;
use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, bson, doc};
use mongodb::Database;
use support::{assert_changed, leaves, legacy};

/// One copy of a document per leaf, with this leaf corrupted, in varying ways.
fn corrupted(collection: &str, original: &Document) -> Vec<(String, Document)> {
    let ways = [
        Bson::from("spoilt"),
        "".into(),
        bson!([5, "x"]),
        bson!({ "deep": 1 }),
        DateTime::from_millis(1_700_000_000_000).into(),
        Bson::Null,
    ];
    let paths = leaves(original).into_iter().map(|(path, _)| path).filter(|path| path != "_id");
    let mut found = Vec::new();
    for (n, path) in paths.enumerate() {
        let mut document = original.clone();
        let id = ObjectId::from_bytes([collection.as_bytes()[0], 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, n as u8]);
        document.insert("_id", id);
        let unique = match collection {
            "users" => {
                doc! {
                    "email": format!("spoilt{n}@example.com"),
                    "phoneNumber": format!("+2547130001{n:02}"),
                }
            }
            "bookings" => doc! { "bookingNumber": format!("BK2510777{n:03}") },
            _ => doc! { "transactionNumber": format!("TXN251001777{n:03}") },
        };
        document.extend(unique);
        set(&mut document, &path, ways[n % ways.len()].clone());
        found.push((path, document));
    }
    found
}

fn set(document: &mut Document, path: &str, value: Bson) {
    let parts: Vec<&str> = path.split('.').collect();
    let (last, parents) = parts.split_last().unwrap();
    let mut whole = Bson::Document(std::mem::take(document));
    {
        let mut inner = &mut whole;
        for part in parents {
            inner = match inner {
                Bson::Document(fields) => fields.get_mut(part).unwrap(),
                Bson::Array(elements) => &mut elements[part.parse::<usize>().unwrap()],
                other => unreachable!("{other}"),
            };
        }
        match inner {
            Bson::Document(fields) => drop(fields.insert(*last, value)),
            Bson::Array(elements) => elements[last.parse::<usize>().unwrap()] = value,
            other => unreachable!("{other}"),
        }
    }
    *document = whole.as_document().unwrap().clone();
}

async fn raw(database: &Database, collection: &str, id: ObjectId) -> Document {
    database.collection::<Document>(collection).find_one(doc! { "_id": id }).await.unwrap().unwrap()
}

/// Loads, changes and saves a document, if it can be read.
async fn change<A>(store: &MongoStore, id: ObjectId, change: impl FnOnce(A) -> A) -> bool
where
    A: Clone,
    MongoStore: Load<A>,
    baitech_core::store::Write: From<Put<A>>,
{
    let Ok(Some(stored)) = store.load(Id::from_bytes(id.bytes())).await else { return false };
    let put = Put::over(&stored, change(stored.value.clone()));
    assert_eq!(store.commit(ChangeSet::new().write(put)).await.unwrap(), Committed::Applied);
    true
}

fn changed_user(user: User) -> User {
    let mut record = user.into_record();
    record.bio = Some(Text::from_stored("changed"));
    User::from_record(record)
}

fn changed_booking(booking: Booking) -> Booking {
    let mut record = booking.into_record();
    record.source = "changed".to_owned();
    record.history.push(StatusChange {
        status: BookingStatus::Pending,
        changed_by: None,
        changed_at: build::start(),
        reason: None,
        notes: None,
    });
    Booking::from_record(record)
}

fn changed_transaction(transaction: Transaction) -> Transaction {
    let mut record = transaction.into_record();
    record.reason = Some(Text::from_stored("changed"));
    Transaction::from_record(record)
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_fields_are_reported_and_survive_every_save() {
    let database = support::database().await;
    let technician = |user: &Document| user.get_str("role").unwrap() == "technician";
    let originals = [
        ("users", legacy("users").into_iter().find(technician).unwrap()),
        ("bookings", legacy("bookings").remove(0)),
        ("transactions", legacy("transactions").remove(0)),
    ];
    let mut cases = Vec::new();
    for (collection, original) in &originals {
        let documents = corrupted(collection, original);
        let all: Vec<&Document> = documents.iter().map(|(_, document)| document).collect();
        database.collection::<Document>(collection).insert_many(all).await.unwrap();
        cases.extend(documents.into_iter().map(|(path, document)| (*collection, path, document)));
    }
    // A 2dsphere index cannot be built over these places; the store opens nevertheless.
    let store = MongoStore::open(database.clone()).await.unwrap();
    let report = store.prepare().await.unwrap();
    assert!(!report.odd_fields.is_empty());
    let (mut saved, mut unreadable) = (0, 0);
    for (collection, path, document) in cases {
        let id = document.get_object_id("_id").unwrap();
        let before = raw(&database, collection, id).await;
        let readable = match collection {
            "users" => change(&store, id, changed_user).await,
            "bookings" => change(&store, id, changed_booking).await,
            _ => change(&store, id, changed_transaction).await,
        };
        let hex = id.to_hex();
        if !readable {
            unreadable += 1;
            assert!(report.unreadable.iter().any(|line| line.contains(&hex)), "{collection} {path}");
            continue;
        }
        saved += 1;
        let after = raw(&database, collection, id).await;
        let history = before.get_array("statusHistory").map_or(0, Vec::len);
        let added = format!("statusHistory.{history}");
        // A corrupted value may be replaced only if the save writes a value there.
        let allowed = ["__v", "formatVersion", "dueAt", "bio", "source", "reason", &added, "statusHistory"];
        let allowed: Vec<&str> = match path.starts_with("statusHistory.") {
            true => allowed[..7].to_vec(),
            false => allowed.to_vec(),
        };
        assert_changed(&before, &after, &allowed);
    }
    assert!(
        saved > 100 && unreadable > 10 && saved > 3 * unreadable,
        "{saved} saved, {unreadable} unreadable"
    );
    for collection in ["users", "bookings", "transactions"] {
        let of = report.odd_fields.iter().filter(|odd| odd.collection == collection);
        assert!(of.count() > 5, "{collection}: {:?}", report.odd_fields);
    }
}
