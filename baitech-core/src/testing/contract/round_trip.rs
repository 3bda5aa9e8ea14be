use std::cmp::Reverse;

use super::{
    Fixture,
    given::{apply, load_booking, load_user, samples},
};
use crate::{
    account::{User, UserRecord},
    booking::{Booking, BookingNumber, BookingRecord},
    kernel::{Email, Id, PageRequest, PhoneNumber, Username},
    payment::{Reconciliation, ReconciliationRecord, Webhook, WebhookRecord},
    store::{ChangeSet, Event, Put, Stored},
    testing::{
        build,
        strategies::{
            booking_record, change_set, reconciliation_part, reconciliation_record, transaction_record,
            user_record, webhook_record,
        },
    },
    transaction::{Transaction, TransactionNumber, TransactionRecord},
};

fn apart_transaction(number: usize, record: TransactionRecord) -> TransactionRecord {
    let mut gateway = record.gateway;
    gateway.reference = gateway.reference.map(|reference| format!("{number}.{reference}"));
    gateway.token = gateway.token.map(|token| format!("{number}.{token}"));
    let transaction_number = TransactionNumber::from_stored(format!("TXN{number:012}"));
    TransactionRecord { id: build::id(number as u64), number: transaction_number, gateway, ..record }
}

/// Gives each generated user unique values, so that they can be stored together.
fn apart_user(number: usize, record: UserRecord) -> UserRecord {
    UserRecord {
        id: build::id(number as u64),
        email: Email::from_stored(format!("{number}.{}", record.email)),
        phone: PhoneNumber::from_stored(format!("+25471{number:07}")),
        username: record.username.map(|_| Username::from_stored(format!("user_{number}"))),
        ..record
    }
}

fn apart_booking(number: usize, record: BookingRecord) -> BookingRecord {
    BookingRecord {
        id: build::id(number as u64),
        number: BookingNumber::from_stored(format!("BK{number:010}")),
        ..record
    }
}

pub(super) async fn users_are_read_as_written(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let records = samples((user_record(), user_record()), 64);
    let mut last = Vec::new();
    for (number, (first, second)) in records.into_iter().enumerate() {
        let first = User::from_record(apart_user(number, first));
        apply(&*store, ChangeSet::new().write(Put::new(first.clone()))).await;
        let stored = load_user(&*store, first.id).await;
        assert_eq!(stored.value, first, "a new user");
        // Every field changes at once; no value of the previous user may remain.
        let second = User::from_record(apart_user(number, second));
        apply(&*store, ChangeSet::new().write(Put::over(&stored, second.clone()))).await;
        assert_eq!(load_user(&*store, second.id).await.value, second, "a user over another");
        last.push(second);
    }
    let page = PageRequest::new(64, None).unwrap();
    let listed = store.list_users(crate::account::UserFilter::default(), &page).await.unwrap();
    let listed: Vec<User> = listed.items.into_iter().map(|user| user.value).collect();
    assert_eq!(listed, last, "in a list");
}

pub(super) async fn bookings_are_read_as_written(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let records = samples((booking_record(), booking_record()), 64);
    for (number, (first, second)) in records.into_iter().enumerate() {
        let first = Booking::from_record(apart_booking(number, first));
        apply(&*store, ChangeSet::new().write(Put::new(first.clone()))).await;
        let stored = load_booking(&*store, first.id).await;
        assert_eq!(stored.value, first, "a new booking");
        let second = Booking::from_record(apart_booking(number, second));
        apply(&*store, ChangeSet::new().write(Put::over(&stored, second.clone()))).await;
        assert_eq!(load_booking(&*store, second.id).await.value, second, "a booking over another");
        let found = store.find_by_number(&second.number).await.unwrap().expect("is found");
        assert_eq!(found.value, second, "by its number");
    }
}

pub(super) async fn transactions_are_read_as_written(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let records = samples((transaction_record(), transaction_record()), 96);
    for (number, (first, second)) in records.into_iter().enumerate() {
        let first = Transaction::from_record(apart_transaction(number, first));
        apply(&*store, ChangeSet::new().write(Put::new(first.clone()))).await;
        let stored: Stored<Transaction> = store.load(first.id).await.unwrap().expect("is there");
        assert_eq!(stored.value, first, "a new transaction");
        let second = Transaction::from_record(apart_transaction(number, second));
        apply(&*store, ChangeSet::new().write(Put::over(&stored, second.clone()))).await;
        let found = store.find_transaction_by_number(&second.number).await.unwrap().expect("is found");
        assert_eq!(found.value, second, "a transaction over another");
        for found in [
            store.find_by_token(second.gateway.token.as_deref().unwrap_or_default()).await.unwrap(),
            store.find_by_reference(second.gateway.reference.as_deref().unwrap_or_default()).await.unwrap(),
        ] {
            assert!(found.is_none_or(|found| found.value == second));
        }
    }
}

pub(super) async fn webhooks_are_read_as_written(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let records = samples((webhook_record(), webhook_record()), 64);
    let mut last = Vec::new();
    for (number, (first, second)) in records.into_iter().enumerate() {
        let apart = |record| Webhook::from_record(WebhookRecord { id: build::id(number as u64), ..record });
        let (first, second) = (apart(first), apart(second));
        apply(&*store, ChangeSet::new().write(Put::new(first.clone()))).await;
        let stored: Stored<Webhook> = store.load(first.id).await.unwrap().expect("is there");
        assert_eq!(stored.value, first, "a new call");
        apply(&*store, ChangeSet::new().write(Put::over(&stored, second.clone()))).await;
        let stored: Stored<Webhook> = store.load(first.id).await.unwrap().expect("is there");
        assert_eq!(stored.value, second, "a call over another");
        last.push(second);
    }
    let page = store.list_webhooks(&[], &PageRequest::new(100, None).unwrap()).await.unwrap();
    let listed: Vec<Webhook> = page.items.into_iter().map(|call| call.value).collect();
    last.sort_by_key(|call| (Reverse(call.received_at), call.id));
    assert_eq!(listed, last, "in a list, byte by byte");
}

pub(super) async fn reconciliations_are_read_as_written(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let records = samples((reconciliation_record(), reconciliation_record(), reconciliation_part()), 64);
    for (number, (first, second, part)) in records.into_iter().enumerate() {
        let id = build::id(number as u64);
        let apart = |record| Reconciliation::from_record(ReconciliationRecord { id, ..record });
        let (first, second) = (apart(first), apart(second));
        apply(&*store, ChangeSet::new().write(Put::new(first.clone()))).await;
        let stored: Stored<Reconciliation> = store.load(id).await.unwrap().expect("is there");
        assert_eq!(stored.value, first, "a new job");
        apply(&*store, ChangeSet::new().write(Put::over(&stored, second.clone()))).await;
        let stored: Stored<Reconciliation> = store.load(id).await.unwrap().expect("is there");
        assert_eq!(stored.value, second, "a job over another");
        store.put_parts(vec![part.clone()]).await.unwrap();
        assert_eq!(store.load_part(part.id).await.unwrap(), Some(part), "a part");
    }
}

pub(super) async fn events_are_read_as_written(fixture: &dyn Fixture) {
    for changes in samples(change_set(), 48) {
        let store = fixture.store().await;
        let mut expected = changes.events.clone();
        apply(&*store, changes).await;
        let mut found: Vec<Event> = crate::testing::committed_events(&*store).await;
        found.sort_by_key(|event| (event.subject, event.n));
        expected.sort_by_key(|event| (event.subject, event.n));
        assert_eq!(found, expected);
    }
}

pub(super) async fn many_are_loaded_in_the_order_asked_for(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let users: Vec<User> = (1..=40).map(build::customer).collect();
    for batch in users.chunks(20) {
        let puts = batch.iter().cloned().map(Put::new);
        apply(&*store, puts.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    let call = build::webhook(1);
    apply(&*store, ChangeSet::new().write(Put::new(call.clone()))).await;
    let id = |n: usize| users[n - 1].id;
    let ids = [id(30), id(2), build::customer(99).id, id(30), id(11)];
    let found: Vec<Stored<User>> = store.load_many(&ids).await.unwrap();
    let values: Vec<&User> = found.iter().map(|stored| &stored.value).collect();
    assert_eq!(values, [&users[29], &users[1], &users[10]], "each once, and none for missing ids");
    let one: Stored<User> = store.load(id(2)).await.unwrap().unwrap();
    assert_eq!((&found[1].value, found[1].version), (&one.value, one.version), "with its version");
    let none: Vec<Stored<Booking>> = store.load_many(&[]).await.unwrap();
    assert!(none.is_empty());
    let other: Vec<Stored<Booking>> = store.load_many(&[Id::from_bytes(id(1).to_bytes())]).await.unwrap();
    assert!(other.is_empty(), "an id belongs to one kind of aggregate");
    // A value that was loaded in a batch can be overwritten.
    let put = Put::over(&found[1], found[1].value.clone());
    apply(&*store, ChangeSet::new().write(put)).await;
    let calls: Vec<Stored<Webhook>> = store.load_many(&[call.id]).await.unwrap();
    assert_eq!(calls.into_iter().map(|stored| stored.value).collect::<Vec<_>>(), [call]);
    let all: Vec<_> = users.iter().rev().map(|user| user.id).collect();
    let found: Vec<Stored<User>> = store.load_many(&all).await.unwrap();
    assert_eq!(found.into_iter().map(|stored| stored.value.id).collect::<Vec<_>>(), all);
}
