//! One unreadable document does not affect the others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use baitech_core::account::{Category, User, UserFilter, UserRepository};
use baitech_core::booking::{Booking, BookingFilter, BookingRepository, BookingStatus, StatusChange};
use baitech_core::kernel::{Actor, Error, GeoPoint, Id, ManualClock, PageRequest};
use baitech_core::matching::{Candidate, CandidateQuery, JobDays, MatchingRepository};
use baitech_core::store::{
    AggregateRef, ChangeSet, Commit, Committed, ConsumerName, Load, Put, Stored, Version,
};
use baitech_core::testing::build;
use std::collections::BTreeSet;

use baitech_core::{Consumer, ConsumerError, LoggedEvent, Marketplace};
use baitech_mongo::MongoStore;
use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use support::{legacy, legacy_database};

async fn legacy_store() -> MongoStore {
    MongoStore::open(legacy_database().await).await.unwrap()
}

async fn set(store: &MongoStore, collection: &str, id: ObjectId, fields: Document) {
    let documents = store.database().collection::<Document>(collection);
    let updated = documents.update_one(doc! { "_id": id }, doc! { "$set": fields }).await.unwrap();
    assert_eq!(updated.matched_count, 1);
}

fn ids(collection: &str) -> Vec<ObjectId> {
    legacy(collection).iter().map(|document| document.get_object_id("_id").unwrap()).collect()
}

/// Lists the bookings of all pages of this size.
async fn list(store: &MongoStore, limit: u32) -> Vec<Id<Booking>> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let request = PageRequest::new(limit, cursor).unwrap();
        let page = store.list_bookings(&BookingFilter::default(), &request).await.unwrap();
        assert!(found.len() <= 200, "the list does not end");
        found.extend(page.items.iter().map(|booking| booking.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_document_does_not_end_a_list() {
    let store = legacy_store().await;
    let all = list(&store, 100).await;
    assert_eq!(all.len(), 96);
    for place in [0, 40, 95] {
        let broken = ObjectId::from_bytes(all[place].to_bytes());
        set(&store, "bookings", broken, doc! { "pricing": "cheap" }).await;
    }
    let expected: Vec<_> =
        all.iter().enumerate().filter(|(place, _)| ![0, 40, 95].contains(place)).map(|(_, id)| *id).collect();
    for limit in [1, 7, 100] {
        assert_eq!(list(&store, limit).await, expected, "in pages of {limit}");
    }

    // Only an invalid id makes a user unreadable.
    let mut stranger = legacy("users").remove(0);
    stranger.extend(doc! { "_id": 5, "email": "stranger@example.com", "phoneNumber": "+254799000000" });
    store.database().collection::<Document>("users").insert_one(stranger).await.unwrap();
    let (mut found, mut cursor) = (0, None);
    loop {
        let request = PageRequest::new(1, cursor).unwrap();
        let page = store.list_users(UserFilter::default(), &request).await.unwrap();
        found += page.items.len();
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, ids("users").len());
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_without_a_creation_time_are_listed_last_and_once() {
    let store = legacy_store().await;
    let all = list(&store, 100).await;
    for (n, place) in [3, 30, 31, 90].into_iter().enumerate() {
        let id = ObjectId::from_bytes(all[place].to_bytes());
        let bookings = store.database().collection::<Document>("bookings");
        let update = match n % 2 {
            0 => doc! { "$unset": { "createdAt": "" } },
            _ => doc! { "$set": { "createdAt": Bson::Null } },
        };
        bookings.update_one(doc! { "_id": id }, update).await.unwrap();
    }
    let at_once = list(&store, 100).await;
    assert_eq!(at_once.len(), 96);
    let last: BTreeSet<_> = at_once[92..].iter().copied().collect();
    assert_eq!(last, [3, 30, 31, 90].map(|place| all[place]).into());
    for limit in [1, 2, 5] {
        assert_eq!(list(&store, limit).await, at_once, "in pages of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_status_is_not_counted() {
    let store = legacy_store().await;
    let booking = legacy("bookings").remove(0);
    let customer = booking.get_object_id("customer").unwrap();
    let filter =
        BookingFilter { customer: Some(Id::from_bytes(customer.bytes())), ..BookingFilter::default() };
    let sum = async || store.count_by_status(&filter).await.unwrap().iter().map(|(_, n)| n).sum::<u64>();
    let before = sum().await;
    set(&store, "bookings", booking.get_object_id("_id").unwrap(), doc! { "status": "lost" }).await;
    assert_eq!(sum().await, before - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn technicians_with_odd_fields_are_matched_without_hours() {
    let store = legacy_store().await;
    // Matching uses public places, which the preparation draws.
    store.prepare().await.unwrap();
    let users = store.database().collection::<Document>("users");
    let verified = doc! { "$set": { "kyc.verified": true, "status": "active" } };
    users.update_many(doc! { "role": "technician" }, verified).await.unwrap();
    // No technician is found before the public places are drawn.
    store.prepare().await.unwrap();
    let near = GeoPoint::new(36.82, -1.29).unwrap();
    let find = async || {
        let today = "2026-03-02".parse().unwrap();
        let days = JobDays { day: today, today };
        let query =
            CandidateQuery { category: Category::Plumbing, near, share: 200.0, preferred: None, days };
        let cards: Vec<Candidate> =
            store.candidates(&query).await.unwrap().into_iter().map(|card| card.candidate).collect();
        cards
    };
    let before = find().await;
    assert!(before.len() > 2, "{}", before.len());
    let id = |n: usize| ObjectId::from_bytes(before[n].technician.to_bytes());
    set(&store, "users", id(0), doc! { "availability": "always" }).await;
    set(&store, "users", id(1), doc! { "availability": Bson::Null }).await;
    let after = find().await;
    assert_eq!(after.len(), before.len());
    let ids: Vec<_> = after.iter().map(|candidate| candidate.technician).collect();
    let read = store.working_hours(&ids).await.unwrap();
    assert_eq!(read.len(), before.len());
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(*id, before[n].technician);
        let (_, hours) = read.iter().find(|(technician, _)| technician == id).unwrap();
        assert_eq!(hours.availability.weekly.is_empty(), n < 2);
    }
}

/// Counts events.
#[derive(Debug, Default)]
struct Counting(std::sync::atomic::AtomicUsize);

#[async_trait::async_trait]
impl Consumer for Counting {
    fn name(&self) -> ConsumerName {
        const NAME: ConsumerName = ConsumerName::new("counting");
        NAME
    }

    fn batch(&self) -> usize {
        10
    }

    async fn handle(&self, events: &[LoggedEvent]) -> Result<ChangeSet, ConsumerError> {
        self.0.fetch_add(events.len(), std::sync::atomic::Ordering::SeqCst);
        Ok(ChangeSet::new())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_is_parked_until_it_is_repaired() {
    let store = support::store().await;
    for user in [build::customer(1), build::customer(2)] {
        let target = AggregateRef::User(user.id);
        let events = (0..3).map(|n| build::event(target, Version::FIRST, n, build::start())).collect();
        let created = ChangeSet { events, ..ChangeSet::new().write(Put::new(user)) };
        assert_eq!(store.commit(created).await.unwrap(), Committed::Applied);
    }
    // One event before it has a number, of which not even the subject can be read, and one afterwards.
    let stored = store.database().collection::<Document>("events");
    let first = stored.find_one(doc! { "n": 1 }).await.unwrap().unwrap();
    let (first_id, subject) = (first.get_object_id("_id").unwrap(), first.get_document("aggregate").unwrap());
    set(
        &store,
        "events",
        first_id,
        doc! { "aggregate": "gone", "version": "none", "commit": "lost", "n": Bson::Null },
    )
    .await;
    let market = Marketplace::builder(std::sync::Arc::new(store.clone())).build();
    assert_eq!(market.worker().number_events().await.unwrap(), 6);
    let other = stored.find_one(doc! { "seq": 1 }).await.unwrap().unwrap();
    let payload = other.get_document("payload").unwrap();
    set(
        &store,
        "events",
        other.get_object_id("_id").unwrap(),
        doc! { "payload": { "type": "never_heard_of" } },
    )
    .await;

    let consumer = Counting::default();
    let run = market.worker().consume(&consumer).await.unwrap();
    assert_eq!((run.handled, run.parked, run.failure), (4, 2, None));
    let operations = market.operations();
    let parked = operations.list_parked(&Actor::System, &PageRequest::default()).await.unwrap().items;
    assert_eq!(parked.len(), 2);
    assert!(parked.iter().all(|parked| parked.event.is_err()), "{parked:?}");
    assert!(parked[0].reason.contains("payload"), "{}", parked[0].reason);

    // A retry fails until the copy is repaired.
    let again = async || {
        for parked in &parked {
            let _ = operations.retry_parked(&Actor::System, parked.consumer, parked.seq).await;
        }
        market.worker().consume(&consumer).await.unwrap()
    };
    let failed = again().await;
    assert_eq!((failed.recovered, failed.failure.is_some()), (0, true));
    let copies = store.database().collection::<Document>("parkedEvents");
    for repaired in [
        doc! { "event.aggregate": subject, "event.version": 0, "event.n": 1, "event.commit": Bson::Null },
        doc! { "event.payload": payload },
    ] {
        copies.update_many(doc! {}, doc! { "$set": repaired }).await.unwrap();
    }
    assert_eq!(again().await.recovered, 2);
    assert_eq!(copies.count_documents(doc! {}).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn null_lists_read_as_empty_and_can_grow() {
    let store = legacy_store().await;
    store.prepare().await.unwrap();
    let id = ids("bookings")[0];
    let lists = doc! {
        "declinedBy": Bson::Null, "images": Bson::Null, "statusHistory": Bson::Null, "reminders": Bson::Null,
        "materialsUsed": Bson::Null, "additionalServices": Bson::Null,
    };
    set(&store, "bookings", id, lists).await;
    let load = async || -> Stored<Booking> { store.load(Id::from_bytes(id.bytes())).await.unwrap().unwrap() };
    let booking = load().await;
    assert!(booking.history.is_empty() && booking.materials.is_empty());
    let mut record = booking.value.clone().into_record();
    record.history.push(StatusChange {
        status: BookingStatus::Pending,
        changed_by: None,
        changed_at: build::start(),
        reason: None,
        notes: None,
    });
    let put = Put::over(&booking, Booking::from_record(record));
    assert_eq!(store.commit(ChangeSet::new().write(put)).await.unwrap(), Committed::Applied);
    assert_eq!(load().await.history.len(), 1);

    let users = legacy("users");
    let id = users.iter().find(|user| user.get_array("skills").is_ok_and(|list| !list.is_empty()));
    let id = id.unwrap().get_object_id("_id").unwrap();
    let skill = doc! { "skills.0.verified": Bson::Null, "availability": Bson::Null };
    set(&store, "users", id, skill).await;
    let user: Stored<User> = store.load(Id::from_bytes(id.bytes())).await.unwrap().unwrap();
    assert!(!user.technician.as_ref().unwrap().skills[0].verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn due_work_on_an_unreadable_document_is_set_aside_until_it_is_repaired() {
    let store = support::store().await;
    let (customer, technician) =
        (build::customer(1), build::technician(1, Category::Plumbing, build::nairobi()));
    let record = build::booking(1, &customer, Some(&technician), BookingStatus::Assigned);
    let due = build::start();
    let (id, target) = (record.id, AggregateRef::Booking(record.id));
    let changes = ChangeSet::new()
        .write(Put::new(customer))
        .write(Put::new(technician))
        .write(Put::new(Booking::from_record(record)).due_at(Some(due)));
    assert_eq!(store.commit(changes).await.unwrap(), Committed::Applied);
    let raw = ObjectId::from_bytes(id.to_bytes());
    let bookings = store.database().collection::<Document>("bookings");
    let before = bookings.find_one(doc! { "_id": raw }).await.unwrap().unwrap();
    set(&store, "bookings", raw, doc! { "pricing": "cheap" }).await;

    let clock = std::sync::Arc::new(ManualClock::at(due + chrono::TimeDelta::hours(1)));
    let shared = std::sync::Arc::new(store.clone());
    let market = Marketplace::builder(shared).clock(clock.clone()).build();
    let (worker, operations) = (market.worker(), market.operations());
    let work = worker.run_due(10).await.unwrap();
    assert_eq!((work.failed, work.set_aside), (1, 1), "{work:?}");
    clock.advance(chrono::TimeDelta::days(30));
    assert!(worker.run_due(10).await.unwrap().is_idle(), "it is not attempted again");

    let page = PageRequest::default();
    let listed = operations.list_set_aside(&Actor::System, &page).await.unwrap().items;
    let [item] = listed.as_slice() else { panic!("one item is set aside: {listed:?}") };
    assert_eq!((item.target, item.due_at, item.attempts), (target, due, 1));
    assert!(item.reason.contains("pricing") && item.reason.contains(&id.to_string()), "{}", item.reason);
    let refused = operations.retry_set_aside(&Actor::System, target).await.unwrap_err();
    assert!(matches!(refused, Error::Corrupt { collection: "bookings", .. }), "{refused:?}");
    assert_eq!(operations.list_set_aside(&Actor::System, &page).await.unwrap().items.len(), 1);

    set(&store, "bookings", raw, doc! { "pricing": before.get_document("pricing").unwrap() }).await;
    operations.retry_set_aside(&Actor::System, target).await.unwrap();
    let work = worker.run_due(10).await.unwrap();
    assert_eq!((work.done, work.failed), (1, 0), "{work:?}");
    let booking: Stored<Booking> = store.load(id).await.unwrap().unwrap();
    assert_ne!(booking.status, BookingStatus::Assigned);
    let after = bookings.find_one(doc! { "_id": raw }).await.unwrap().unwrap();
    for field in ["dueSetAside", "dueAttempts", "dueLeasedUntil"] {
        assert!(!after.contains_key(field), "{field} is left: {after}");
    }
}
