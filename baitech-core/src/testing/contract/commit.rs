use chrono::TimeDelta;

use super::{
    Fixture,
    given::{
        apply, change, claim, count, like_by, likes_of, load_booking, load_user, pending, refuse, rename,
        renamed, stored_booking, stored_user, toggle, traces,
    },
};
use crate::{
    account::{User, UserRecord},
    booking::{Booking, BookingNumber},
    kernel::{Email, PhoneNumber, Role, Username},
    ledger::Account,
    ports::Store,
    store::{AggregateRef, ChangeSet, Edge, Guard, Idempotency, Put, StoreError, Stored, Version},
    testing::{
        build::{self, customer, event, start, user},
        committed_events,
    },
};

/// A set that uses every part: it changes the user, releases the user's claim `free`, creates booking 1 and
/// takes the claim `taken`.
fn whole_set(user: &Stored<User>) -> ChangeSet {
    let booking = Booking::from_record(pending(1));
    let (user_ref, booking_ref) = (AggregateRef::User(user.id), AggregateRef::Booking(booking.id));
    let now = start() + TimeDelta::minutes(1);
    let like = toggle(Edge::never_put(like_by(1, booking.id)));
    ChangeSet {
        edges: like.edges,
        counters: like.counters,
        free: vec![claim("free", user.id)],
        take: vec![claim("taken", booking.id)],
        entries: vec![build::entry(1, booking_ref, Account::Bank, Account::Wallet(user.id), build::kes(250))],
        events: vec![
            event(user_ref, user.version.next(), 0, now),
            event(booking_ref, Version::FIRST, 0, now),
            event(booking_ref, Version::FIRST, 1, now),
        ],
        idempotency: Some(build::idempotency("key", "request", "answer")),
        ..rename(user, "Achieng").write(Put::new(booking).due_at(Some(start() + TimeDelta::hours(1))))
    }
}

/// The user of [`whole_set`], who holds `free`.
async fn holder(store: &dyn Store) -> Stored<User> {
    let user = stored_user(store, customer(1)).await;
    apply(store, ChangeSet { take: vec![claim("free", user.id)], ..rename(&user, "Before") }).await;
    load_user(store, user.id).await
}

pub(super) async fn stores_a_set_whole(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = holder(&*store).await;
    let changes = whole_set(&user);
    let (events, booking) = (changes.events.clone(), pending(1));
    apply(&*store, changes).await;

    assert_eq!(load_user(&*store, user.id).await.value, renamed(&user, "Achieng"));
    assert_eq!(load_booking(&*store, booking.id).await.value, Booking::from_record(booking.clone()));
    let held = store.held(&[super::given::key("free"), super::given::key("taken")]).await.unwrap();
    assert_eq!(held, [claim("taken", booking.id)]);
    assert_eq!(
        store.balance(Account::Wallet(user.id), build::kes(0).currency()).await.unwrap(),
        build::kes(250)
    );
    let like = store.load_edge(&like_by(1, booking.id)).await.unwrap();
    assert_eq!((like.revision.get(), like.is_present()), (1, true));
    assert_eq!(count(&*store, likes_of(booking.id)).await, 1);
    let mut pending = committed_events(&*store).await;
    assert_eq!(pending.len(), events.len());
    pending.sort_by_key(|event| (event.subject, event.n));
    assert_eq!(pending, events);
    let kept = build::idempotency("key", "request", "answer");
    let answer = store.answered(&kept.scope, &kept.key, kept.fingerprint).await.unwrap();
    assert_eq!(answer, Some(kept.answer));
}

pub(super) async fn numbers_versions_from_the_first(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut user = stored_user(&*store, customer(1)).await;
    assert_eq!(user.version, Version::FIRST, "of a new aggregate");
    for number in 1..=3 {
        apply(&*store, rename(&user, &format!("Name{number}"))).await;
        user = load_user(&*store, user.id).await;
        assert_eq!(user.version, Version::new(number), "after {number} changes");
    }
    // A write that changes nothing also raises the version.
    apply(&*store, ChangeSet::new().write(Put::over(&user, user.value.clone()))).await;
    assert_eq!(load_user(&*store, user.id).await.version, Version::new(4), "after a write of the same value");
}

pub(super) async fn refuses_another_version(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let first = stored_user(&*store, customer(1)).await;
    apply(&*store, rename(&first, "Second")).await;
    let second = load_user(&*store, first.id).await;
    let error = refuse(&*store, rename(&first, "Third")).await;
    assert!(matches!(error, StoreError::Conflict(AggregateRef::User(id)) if id == first.id), "{error:?}");
    let now = load_user(&*store, first.id).await;
    assert_eq!((now.value, now.version), (second.value, second.version));
}

pub(super) async fn refuses_to_create_existing_aggregates(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let booking = stored_booking(&*store, pending(1)).await;
    let error = refuse(&*store, ChangeSet::new().write(Put::new(renamed(&user, "Other")))).await;
    assert!(matches!(error, StoreError::Conflict(AggregateRef::User(id)) if id == user.id), "{error:?}");
    let error = refuse(&*store, ChangeSet::new().write(Put::new(booking.value.clone()))).await;
    assert!(
        matches!(error, StoreError::Conflict(AggregateRef::Booking(id)) if id == booking.id),
        "{error:?}"
    );
}

pub(super) async fn refuses_to_change_missing_aggregates(fixture: &dyn Fixture) {
    // Loaded from one store and written into another, as if it had been deleted in between.
    let user = stored_user(&*fixture.store().await, customer(1)).await;
    let store = fixture.store().await;
    let error = refuse(&*store, rename(&user, "Gone")).await;
    assert!(matches!(error, StoreError::Conflict(AggregateRef::User(id)) if id == user.id), "{error:?}");
    let found: Option<Stored<User>> = store.load(user.id).await.unwrap();
    assert!(found.is_none());
}

pub(super) async fn refuses_malformed_sets(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let target = AggregateRef::User(user.id);
    let other = AggregateRef::User(customer(2).id);
    let happening = |target, version| vec![event(target, version, 0, start())];
    let next = user.version.next();
    let too_long = vec![0; Idempotency::MAX_ANSWER_BYTES + 1];
    let malformed = [
        ("two writes of one aggregate", rename(&user, "One").write(Put::over(&user, renamed(&user, "Two")))),
        (
            "an event of an aggregate that the set does not write",
            ChangeSet { events: happening(other, next), ..rename(&user, "One") },
        ),
        (
            "an event of the previous version",
            ChangeSet { events: happening(target, user.version), ..rename(&user, "One") },
        ),
        (
            "an answer above the limit",
            ChangeSet {
                idempotency: Some(Idempotency {
                    answer: too_long,
                    ..build::idempotency("key", "request", "")
                }),
                ..rename(&user, "One")
            },
        ),
        (
            "two takers of one claim",
            ChangeSet {
                take: vec![claim("one", user.id), claim("one", customer(2).id)],
                ..rename(&user, "One")
            },
        ),
    ];
    for (what, changes) in malformed {
        let error = refuse(&*store, changes).await;
        assert!(matches!(error, StoreError::Malformed(_)), "{what}: {error:?}");
        assert_eq!(load_user(&*store, user.id).await.value, user.value, "{what}");
    }
}

/// A second user that shares one field with the first.
fn doubles() -> [(&'static str, User); 3] {
    let (first, second) = (named_user(1), named_user(2));
    let email = UserRecord { email: first.email.clone(), ..second.clone() };
    let phone = UserRecord { phone: first.phone.clone(), ..second.clone() };
    let username = UserRecord { username: first.username, ..second };
    [("email", email), ("phoneNumber", phone), ("username", username)]
        .map(|(field, record)| (field, User::from_record(record)))
}

fn named_user(n: u64) -> UserRecord {
    UserRecord { username: Some(Username::from_stored(format!("user_{n}"))), ..user(Role::Customer, n) }
}

pub(super) async fn refuses_taken_unique_fields(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let first = stored_user(&*store, User::from_record(named_user(1))).await;
    for (taken, double) in doubles() {
        let error = refuse(&*store, ChangeSet::new().write(Put::new(double))).await;
        assert!(matches!(error, StoreError::Duplicate { field } if field == taken), "{taken}: {error:?}");
    }
    let second = stored_user(&*store, User::from_record(named_user(2))).await;
    for (taken, double) in doubles() {
        let error = refuse(&*store, ChangeSet::new().write(Put::over(&second, double))).await;
        assert!(matches!(error, StoreError::Duplicate { field } if field == taken), "{taken}: {error:?}");
    }
    apply(&*store, rename(&first, "Same")).await;

    stored_booking(&*store, pending(1)).await;
    let double = crate::booking::BookingRecord { number: pending(1).number, ..pending(2) };
    let error = refuse(&*store, ChangeSet::new().write(Put::new(Booking::from_record(double)))).await;
    assert!(matches!(error, StoreError::Duplicate { field: "bookingNumber" }), "{error:?}");
}

pub(super) async fn releases_unique_fields(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let first = stored_user(&*store, User::from_record(named_user(1))).await;
    let moved = UserRecord {
        email: Email::from_stored("moved@example.ke"),
        phone: PhoneNumber::from_stored("+254711000000"),
        username: None,
        ..first.value.clone().into_record()
    };
    apply(&*store, ChangeSet::new().write(Put::over(&first, User::from_record(moved)))).await;
    let heir = UserRecord { id: named_user(2).id, ..named_user(1) };
    stored_user(&*store, User::from_record(heir.clone())).await;
    for found in [
        store.find_by_email(&heir.email).await.unwrap(),
        store.find_by_phone(&heir.phone).await.unwrap(),
        store.find_by_username(&Username::from_stored("user_1")).await.unwrap(),
    ] {
        assert_eq!(found.map(|user| user.id), Some(heir.id));
    }
    // Users without a name do not collide.
    stored_user(&*store, customer(3)).await;

    let booking = stored_booking(&*store, pending(1)).await;
    let other = BookingNumber::from_stored("BK2603999999");
    apply(&*store, ChangeSet::new().write(change(&booking, |record| record.number = other))).await;
    let heir = crate::booking::BookingRecord { number: pending(1).number, ..pending(2) };
    stored_booking(&*store, heir).await;
}

pub(super) async fn stores_nothing_of_a_refused_set(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = holder(&*store).await;
    let rival = stored_user(&*store, User::from_record(named_user(2))).await;
    let stale = stored_user(&*store, customer(3)).await;
    apply(&*store, rename(&stale, "Newer")).await;
    apply(&*store, ChangeSet { take: vec![claim("held", rival.id)], ..rename(&rival, "Rival") }).await;
    let before = traces(&*store, user.id, pending(1).id).await;

    let with_guard = |version| Guard::Version { target: AggregateRef::User(stale.id), version };
    let double = UserRecord { email: rival.email.clone(), ..named_user(4) };
    let refused = [
        ("a stale write", whole_set(&user).write(Put::over(&stale, renamed(&stale, "Stale")))),
        ("a stale guard", ChangeSet { guards: vec![with_guard(stale.version)], ..whole_set(&user) }),
        ("a held claim", {
            let mut changes = whole_set(&user);
            changes.take.push(claim("held", user.id));
            changes
        }),
        ("a taken address", whole_set(&user).write(Put::new(User::from_record(double)))),
        ("an empty wallet", {
            let mut changes = whole_set(&user);
            let (cause, empty) = (AggregateRef::Booking(pending(1).id), Account::Wallet(rival.id));
            changes.entries.push(build::entry(2, cause, empty, Account::Bank, build::kes(1)));
            changes
        }),
        ("an edge of another revision", {
            let mut changes = whole_set(&user);
            let removed = toggle(toggle(Edge::never_put(like_by(2, rival.id))).edges[0].after());
            changes.edges.extend(removed.edges);
            changes
        }),
        ("a malformed part", {
            let mut changes = whole_set(&user);
            changes.events.push(event(AggregateRef::User(stale.id), Version::FIRST, 0, start()));
            changes
        }),
    ];
    for (what, changes) in refused {
        refuse(&*store, changes).await;
        assert_eq!(traces(&*store, user.id, pending(1).id).await, before, "after {what}");
    }
    apply(&*store, whole_set(&user)).await;
    assert_ne!(traces(&*store, user.id, pending(1).id).await, before, "the set itself is valid");
}

pub(super) async fn checks_in_order(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let stale = stored_user(&*store, customer(1)).await;
    let asked = build::idempotency("key", "request", "answer");
    apply(
        &*store,
        ChangeSet {
            idempotency: Some(asked.clone()),
            take: vec![claim("held", stale.id)],
            ..rename(&stale, "Newer")
        },
    )
    .await;
    let newer = load_user(&*store, stale.id).await;
    let double =
        || Put::new(User::from_record(UserRecord { email: stale.email.clone(), ..user(Role::Customer, 2) }));
    let take = || vec![claim("held", customer(2).id)];

    let everything_wrong = ChangeSet { take: take(), idempotency: Some(asked), ..rename(&stale, "Stale") };
    let replay = store.commit(everything_wrong.clone().write(double())).await;
    assert!(
        matches!(replay, Ok(crate::store::Committed::Replayed(_))),
        "the key is checked first: {replay:?}"
    );
    let other = Some(build::idempotency("key", "another request", "answer"));
    let error = refuse(&*store, ChangeSet { idempotency: other, ..everything_wrong.clone() }).await;
    assert!(matches!(error, StoreError::KeyReused), "the key is checked first: {error:?}");
    let error = refuse(&*store, ChangeSet { idempotency: None, ..everything_wrong.write(double()) }).await;
    assert!(matches!(error, StoreError::Conflict(_)), "versions are checked second: {error:?}");
    let error = refuse(&*store, ChangeSet { take: take(), ..rename(&newer, "Newest").write(double()) }).await;
    assert!(matches!(error, StoreError::Claimed(_)), "claims are checked third: {error:?}");
    let empty = Account::Wallet(stale.id);
    let broke = |changes: ChangeSet| {
        let cause = AggregateRef::User(stale.id);
        ChangeSet { entries: vec![build::entry(1, cause, empty, Account::Bank, build::kes(1))], ..changes }
    };
    let error = refuse(&*store, broke(rename(&newer, "Newest").write(double()))).await;
    assert!(
        matches!(error, StoreError::Duplicate { field: "email" }),
        "unique fields are checked fourth: {error:?}"
    );
    let held = ChangeSet { take: take(), ..broke(rename(&newer, "Newest")) };
    let error = refuse(&*store, held).await;
    assert!(matches!(error, StoreError::Claimed(_)), "claims are checked before balances: {error:?}");
    let error = refuse(&*store, broke(rename(&newer, "Newest"))).await;
    assert!(
        matches!(error, StoreError::OutOfBounds(breach) if breach.account == empty),
        "balances are checked last: {error:?}"
    );
}
