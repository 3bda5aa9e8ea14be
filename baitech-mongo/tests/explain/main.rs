//! Explains every command that the store sends: no query of a repository scans a collection or sorts in
//! memory.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod documents;
mod search;
#[path = "../support/mod.rs"]
mod support;

use baitech_core::account::{Category, User, UserFilter, UserRepository, UserStatus};
use baitech_core::kernel::{
    Currency, Cursor, Distance, Email, GeoPoint, Id, PageRequest, PhoneNumber, Role, Username,
};
use baitech_core::ledger::Account;
use baitech_core::matching::{CandidateQuery, JobDays, MatchingRepository, SupplyQuery};
use baitech_core::store::{
    AggregateRef, AttemptEnd, Bound, ChangeSet, ClaimKey, Claims, Commit, Consumed, ConsumedStep,
    ConsumerName, Consumers, ConsumingEnd, CounterKey, CounterName, CounterReader, Counters, DueWork, Edge,
    EdgeKey, EdgeKind, EdgeValue, Edges, EventLog, Fingerprint, Guard, IdempotencyKey, Lease, LedgerReader,
    Load, LogStart, Put, Seq, Stored,
};
use baitech_core::testing::build;
use baitech_core::{
    booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus},
    transaction::PaymentMethod,
};
use baitech_core::{
    payment::{
        ReconciliationContent, ReconciliationPart, ReconciliationRepository, WebhookRepository, WebhookStatus,
    },
    transaction::{
        HistoryQuery, TransactionFilter, TransactionKind, TransactionNumber, TransactionRepository,
        TransactionStatus,
    },
};
use baitech_mongo::MongoStore;
use bson::{Bson, DateTime, Document, doc};
use chrono::TimeDelta;
use documents::{fill, fill_city};
use mongodb::Database;
use support::explain::{Sent, explainable, without_index};
use support::legacy;

/// A prepared store with some thousands of documents.
async fn recorded() -> (MongoStore, Sent) {
    let (store, sent) = support::explain::recorded().await;
    fill(store.database()).await;
    store.prepare().await.unwrap();
    (store, sent)
}

fn any_id<A>(collection: &str, field: &str) -> Id<A> {
    let with_field = legacy(collection).into_iter().find_map(|document| document.get_object_id(field).ok());
    Id::from_bytes(with_field.unwrap().bytes())
}

/// Calls every query, with every filter that leads to a different query.
async fn ask_everything(store: &MongoStore) {
    let (user, booking) = (any_id::<User>("users", "_id"), any_id::<Booking>("bookings", "_id"));
    let loaded: Option<Stored<User>> = store.load(user).await.unwrap();
    let stored: Option<Stored<Booking>> = store.load(booking).await.unwrap();
    assert!(loaded.is_none() && stored.is_none(), "only copies with other ids are stored");
    store.find_by_email(&Email::new("user3-7@example.com").unwrap()).await.unwrap().unwrap();
    store.find_by_phone(&PhoneNumber::new("+254110000307").unwrap()).await.unwrap().unwrap();
    store.find_by_username(&Username::new("user_3_7").unwrap()).await.unwrap().unwrap();
    store.find_by_number(&BookingNumber::from_stored("BK2511000307")).await.unwrap().unwrap();

    for role in [None, Some(Role::Technician)] {
        for status in [None, Some(UserStatus::Active)] {
            for category in [None, Some(Category::Plumbing)] {
                let filter = UserFilter { role, status, category };
                let first = store.list_users(filter, &page(None)).await.unwrap();
                store.list_users(filter, &page(first.next_cursor)).await.unwrap();
            }
        }
    }
    let (customer, technician) = (any_id("bookings", "customer"), any_id("bookings", "technician"));
    for statuses in [vec![], vec![BookingStatus::Paid], vec![BookingStatus::Pending, BookingStatus::Matching]]
    {
        let any = BookingFilter { statuses, ..BookingFilter::default() };
        for filter in [
            any.clone(),
            BookingFilter { customer: Some(customer), ..any.clone() },
            BookingFilter { technician: Some(technician), ..any.clone() },
            BookingFilter { company: Some(user), ..any.clone() },
            BookingFilter { customer: Some(customer), technician: Some(technician), ..any },
        ] {
            store.list_bookings(&filter, &page(None)).await.unwrap();
            let after = Cursor::new(1_752_900_000_000_i64, booking);
            store.list_bookings(&filter, &page(Some(after))).await.unwrap();
            store.count_by_status(&filter).await.unwrap();
        }
    }
    ask_for_money(store).await;
    let (nairobi, reach) = (GeoPoint::new(36.82, -1.29).unwrap(), Distance::from_kilometres(10.0));
    for preferred in [None, Some(technician)] {
        store.candidates(&candidate_query(nairobi, 1.0, preferred)).await.unwrap();
        store.working_hours(&[Id::from_bytes([1; 12]), Id::from_bytes([2; 12])]).await.unwrap();
    }
    store.supply(&supply_query(nairobi, reach, 250)).await.unwrap();
    store.open_requests(Category::Plumbing, nairobi, reach).await.unwrap();

    let lease = Lease { now: build::start(), length: TimeDelta::minutes(1) };
    let due = store.claim_due(baitech_core::kernel::Kind::ALL, lease, 20).await.unwrap();
    assert_eq!(due.len(), 20);
    let begun = store.begin_due(&due[0], lease).await.unwrap().unwrap();
    let end = AttemptEnd::SetAside { at: lease.now, reason: "broken".to_owned() };
    assert!(store.end_due(&begun, end).await.unwrap());
    assert_eq!(store.list_set_aside(&PageRequest::default()).await.unwrap().items.len(), 1);
    assert!(store.release_due(begun.target).await.unwrap());
    store.held(&[ClaimKey::new("a", "b"), ClaimKey::new("a", "c")]).await.unwrap();
    store.next("series").await.unwrap();
    ask_for_edges(store, user, booking).await;
    search::ask_for_texts(store).await;
    let key = IdempotencyKey::new("key").unwrap();
    store.answered("scope", &key, Fingerprint::of(b"request")).await.unwrap();
    change_something(store).await;
    ask_for_the_log(store).await;
}

/// Numbers events in small steps, and reads, parks and deletes them.
async fn ask_for_the_log(store: &MongoStore) {
    const READER: ConsumerName = ConsumerName::new("reader");
    while store.number_events(1).await.unwrap() > 0 {}
    let log = store.log_state().await.unwrap();
    let entries = store.read_log(log.start(), 10).await.unwrap();
    let topic = entries[0].event.as_ref().unwrap().topics[0];
    assert!(!store.read_topic(topic, log.start(), 10).await.unwrap().entries.is_empty());
    assert!(entries.len() > 1, "{} events", entries.len());
    store.open_consumer(READER, LogStart::First).await.unwrap();
    let lease = Lease { now: build::start(), length: TimeDelta::minutes(1) };
    let begun = store.begin_consuming(READER, lease).await.unwrap().unwrap();
    assert!(store.end_consuming(&begun, ConsumingEnd::Released).await.unwrap());
    let step = |step| ChangeSet { consumed: Some(Consumed { consumer: READER, step }), ..ChangeSet::new() };
    let parked = ConsumedStep::Parked { from: Seq::START, reason: "broken".to_owned(), at: build::start() };
    let _ = store.commit(step(parked)).await.unwrap();
    assert!(store.retry_parked(READER, Seq::new(1)).await.unwrap());
    assert!(store.take_parked(READER).await.unwrap().is_some());
    assert_eq!(store.list_parked(&PageRequest::default()).await.unwrap().items.len(), 1);
    let _ = store.commit(step(ConsumedStep::Recovered { seq: Seq::new(1) })).await.unwrap();
    assert_eq!(store.trim_log(build::start() + TimeDelta::days(9_999), 1).await.unwrap(), 1);
    assert!(store.remove_consumer(READER).await.unwrap());
}

/// Likes of one booking by many users, and of many bookings by one user.
async fn ask_for_edges(store: &MongoStore, user: Id<User>, booking: Id<Booking>) {
    const LIKE: EdgeKind = EdgeKind::new("like");
    let likes = CounterKey::new(booking, CounterName::new("likes"));
    let mut keys = Vec::new();
    for n in 1..=40 {
        keys.push(EdgeKey::new(LIKE, build::id::<User>(n), booking));
        keys.push(EdgeKey::new(LIKE, user, build::id::<Booking>(n)));
    }
    for key in &keys {
        let change = Edge::never_put(*key).put(EdgeValue::new("set"), build::start()).unwrap();
        let counters = change.deltas(|_| [likes]);
        let guards = vec![Guard::NoEdge { kind: EdgeKind::new("block"), from: key.to, to: key.from }];
        let changes = ChangeSet { edges: vec![change], counters, guards, ..ChangeSet::new() };
        let _ = store.commit(changes).await.unwrap();
    }
    let stale = Edge::never_put(keys[0]).put(EdgeValue::new("set"), build::start()).unwrap();
    store.commit(ChangeSet { edges: vec![stale], ..ChangeSet::new() }).await.unwrap_err();
    let to = store.list_edges_to(LIKE, booking.into(), &page(None)).await.unwrap();
    store.list_edges_to(LIKE, booking.into(), &page(to.next_cursor)).await.unwrap();
    let from = store.list_edges_from(LIKE, user.into(), &page(None)).await.unwrap();
    store.list_edges_from(LIKE, user.into(), &page(from.next_cursor)).await.unwrap();
    assert!(store.load_edge(&keys[0]).await.unwrap().is_present());
    assert_eq!(store.load_edges(&keys).await.unwrap().len(), 80);
    assert_eq!(store.read_counters(&[likes]).await.unwrap(), [80]);
}

async fn ask_for_money(store: &MongoStore) {
    let found = [
        store.find_transaction_by_number(&TransactionNumber::from_stored("TXN251101000007")).await.unwrap(),
        store.find_by_token("token10").await.unwrap(),
        store.find_by_reference("ws_CO_10").await.unwrap(),
        // A reference of the earlier application, which several copies share.
        store.find_by_reference("ws_CO_1").await.unwrap(),
    ];
    assert!(found.iter().all(Option::is_some));
    assert!(store.find_by_reference("pi_1").await.unwrap().is_none());

    let (payer, payee): (Id<User>, Id<User>) =
        (any_id("transactions", "payer"), any_id("transactions", "payee"));
    let booking = any_id("transactions", "booking");
    let at = |hours: i64| DateTime::from_millis(1_752_858_450_755 + hours * 3_600_000).to_chrono();
    let any = TransactionFilter::default;
    let kinds = vec![TransactionKind::Tip, TransactionKind::TechnicianPayout];
    for part in [
        any(),
        TransactionFilter { payer: Some(payer), ..any() },
        TransactionFilter { payee: Some(payee), ..any() },
        TransactionFilter { booking: Some(booking), ..any() },
        TransactionFilter { method: Some(PaymentMethod::Mpesa), ..any() },
        TransactionFilter { kinds: kinds.clone(), ..any() },
        TransactionFilter { flagged: true, ..any() },
    ] {
        for filter in [
            part.clone(),
            TransactionFilter { statuses: vec![TransactionStatus::Completed], ..part.clone() },
            TransactionFilter { from: Some(at(100)), until: Some(at(2_000)), kinds: kinds.clone(), ..part },
        ] {
            store.list_transactions(&filter, &page(None)).await.unwrap();
            let after = Cursor::new(at(1_000).timestamp_millis(), booking);
            store.list_transactions(&filter, &page(Some(after))).await.unwrap();
            store.total_transactions(&filter).await.unwrap();
        }
    }
    let query = HistoryQuery {
        payer,
        attempts_since: at(3_000),
        failures_since: at(2_900),
        settled_since: at(2_000),
        ip_address: Some("41.90.2.1".to_owned()),
        device: Some("Android".to_owned()),
    };
    store.payment_history(&query).await.unwrap();
    for statuses in
        [vec![], vec![WebhookStatus::Received], vec![WebhookStatus::Applied, WebhookStatus::Ignored]]
    {
        let first = store.list_webhooks(&statuses, &page(None)).await.unwrap();
        store.list_webhooks(&statuses, &page(first.next_cursor)).await.unwrap();
    }
    store.forget_expired_webhooks(at(0), 100).await.unwrap();
    let first = store.list_reconciliations(&page(None)).await.unwrap();
    store.list_reconciliations(&page(first.next_cursor)).await.unwrap();
    let part = |n: u64| ReconciliationPart {
        id: build::id(n),
        expires_at: at(i64::try_from(n).unwrap()),
        content: ReconciliationContent::Marks(Vec::new()),
    };
    store.put_parts((0..1_000).map(part).collect()).await.unwrap();
    store.load_part(part(7).id).await.unwrap();
    assert_eq!(store.forget_expired_parts(at(9), 100).await.unwrap(), 10);
    let targets = [build::reconciliation(1).id.into(), AggregateRef::User(payer)];
    store.find_set_aside(&targets).await.unwrap();
    let wallet = Account::Wallet(payer);
    for n in 0..60 {
        let cause = AggregateRef::User(build::customer(n + 1_000).id);
        let entries = vec![build::entry(n + 5_000, cause, Account::Bank, wallet, build::kes(1))];
        let changes = ChangeSet { entries, ..ChangeSet::new().write(Put::new(build::customer(n + 1_000))) };
        let _ = store.commit(changes).await.unwrap();
    }
    let spend = build::entry(5_070, AggregateRef::User(payer), wallet, Account::Bank, build::kes(1));
    let bound = Bound::at_least(wallet, build::kes(1)).counting(Account::OpenTopUps(payer));
    let spending = ChangeSet { entries: vec![spend], bounds: vec![bound], ..ChangeSet::new() };
    let _ = store.commit(spending).await.unwrap();
    for account in [wallet, Account::Bank, Account::Escrow(booking_of(payer))] {
        store.balance(account, Currency::KES).await.unwrap();
        let first = store.account_lines(account, &page(None)).await.unwrap();
        store.account_lines(account, &page(first.next_cursor)).await.unwrap();
    }
}

/// Some booking without postings.
fn booking_of(user: Id<User>) -> Id<Booking> {
    Id::from_bytes(user.to_bytes())
}

/// A commit with writes, guards and claims, and a refused commit, which reads the reason.
async fn change_something(store: &MongoStore) {
    let case = support::commit::begin(store, 1).await;
    let _ = store.commit(case.changes()).await.unwrap();
    store.commit(ChangeSet { idempotency: None, ..case.changes() }).await.unwrap_err();
    let due = build::customer(99);
    let _ = store.commit(ChangeSet::new().write(Put::new(due).due_at(Some(build::start())))).await.unwrap();
}

fn page(after: Option<Cursor>) -> PageRequest {
    PageRequest::new(20, after).unwrap()
}

fn candidate_query(near: GeoPoint, share: f64, preferred: Option<Id<User>>) -> CandidateQuery {
    let day = build::start().date_naive();
    let days = JobDays { day, today: day };
    CandidateQuery { category: Category::Plumbing, near, share, preferred, days }
}

fn supply_query(near: GeoPoint, within: Distance, most: u32) -> SupplyQuery {
    let day = build::start().date_naive();
    SupplyQuery { category: Category::Plumbing, near, within, most, day }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_has_an_index() {
    let (store, sent) = recorded().await;
    sent.lock().unwrap().clear();
    ask_everything(&store).await;
    let asked = sent.lock().unwrap().iter().flat_map(explainable).count();
    assert!(asked > 300, "only {asked} commands were recorded");
    let bad = without_index(&store, &sent).await;
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The numbers of index entries and documents that the server examined for a command.
async fn examined(database: &Database, command: &Document) -> (i64, i64) {
    fn most(part: &Bson, keys: &mut i64, documents: &mut i64) {
        match part {
            Bson::Document(part) => {
                for (name, count) in
                    [("totalKeysExamined", &mut *keys), ("totalDocsExamined", &mut *documents)]
                {
                    let found = part.get(name).and_then(|n| n.as_i64().or(n.as_i32().map(i64::from)));
                    // Inner parts of a plan repeat the totals.
                    *count = found.unwrap_or(0).max(*count);
                }
                part.iter().for_each(|(_, inner)| most(inner, keys, documents));
            }
            Bson::Array(parts) => parts.iter().for_each(|inner| most(inner, keys, documents)),
            _ => {}
        }
    }
    let explain = doc! { "explain": command.clone(), "verbosity": "executionStats" };
    let answer = database.run_command(explain).await.unwrap();
    let (mut keys, mut documents) = (0, 0);
    most(&Bson::Document(answer), &mut keys, &mut documents);
    (keys, documents)
}

#[tokio::test(flavor = "multi_thread")]
async fn matching_examines_a_bounded_number_of_documents() {
    let (store, sent) = recorded().await;
    fill_city(store.database()).await;
    let near = GeoPoint::new(36.82, -1.29).unwrap();
    let reach = Distance::from_kilometres(10.0);
    // The second run uses the plans of the cache.
    for _ in 0..2 {
        sent.lock().unwrap().clear();
        let near_ones = store.candidates(&candidate_query(near, 0.25, None)).await.unwrap().len();
        let all = store.candidates(&candidate_query(near, 1.0, None)).await.unwrap().len();
        let supply = store.supply(&supply_query(near, reach, u32::MAX)).await.unwrap();
        let nearest = store.supply(&supply_query(near, reach, 20)).await.unwrap();
        assert!(nearest.technicians == 20 && nearest.within < reach);
        let customers = store.open_requests(Category::Plumbing, near, reach).await.unwrap();
        assert!(near_ones > 15 && all > 250 && supply.technicians > 250 && customers > 500);
        assert!(near_ones < all / 5, "{near_ones} of {all}");
        assert!(!supply.engaged.is_empty());

        let counts = [
            near_ones,
            all,
            usize::try_from(supply.technicians).unwrap(),
            // The server reads whole rings before it sorts and limits: here the nearest 20 cost as much as
            // all.
            usize::try_from(supply.technicians).unwrap(),
            usize::try_from(customers).unwrap(),
        ];
        let commands: Vec<Document> = sent.lock().unwrap().iter().flat_map(explainable).collect();
        assert_eq!(commands.len(), counts.len());
        for (command, found) in commands.iter().zip(counts) {
            let (keys, documents) = examined(store.database(), command).await;
            let found = i64::try_from(found).unwrap();
            // The index cells cover more than the circle, and each cell is searched. $geoNear searches rings,
            // one after another, and searches cells on their borders twice.
            assert!(documents <= found * 3 + 30, "{documents} documents for {found}: {command}");
            assert!(keys <= found * 3 + 400, "{keys} keys for {found}: {command}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_are_counted_by_status_from_the_index() {
    let (store, sent) = recorded().await;
    fill_city(store.database()).await;
    let bookings = store.database().collection::<Document>("bookings");
    let some = doc! { "status": "paid", "bookingNumber": { "$lt": "BK2603010000" } };
    let deleted = doc! { "$set": { "deletedAt": DateTime::now() } };
    let deleted = bookings.update_many(some, deleted).await.unwrap().modified_count;
    assert!(deleted > 1_000);
    sent.lock().unwrap().clear();
    let counts = store.count_by_status(&BookingFilter::default()).await.unwrap();
    for (status, count) in counts {
        let shown = doc! { "status": status.as_str(), "deletedAt": Bson::Null };
        assert_eq!(bookings.count_documents(shown).await.unwrap(), count, "{status}");
    }
    let commands: Vec<Document> = sent.lock().unwrap().iter().flat_map(explainable).collect();
    let mut documents = Vec::new();
    for command in commands.iter().filter(|command| command.contains_key("pipeline")).take(2) {
        documents.push(examined(store.database(), command).await.1);
    }
    documents.sort_unstable();
    assert_eq!(documents[0], 0, "the total is counted from the index alone");
    assert!(documents[1] <= i64::try_from(deleted).unwrap());
}
