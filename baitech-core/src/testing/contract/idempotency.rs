use chrono::TimeDelta;

use super::{
    Fixture,
    given::{apply, load_user, refuse, rename, renamed, stored_user, traces},
};
use crate::{
    store::{
        AggregateRef, ChangeSet, Committed, Fingerprint, Idempotency, IdempotencyKey, StoreError, Version,
    },
    testing::build::{self, customer, event, start},
};

pub(super) async fn replays_the_answer(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let asked = build::idempotency("key", "request", "answer");
    let answered = |asked: Idempotency| {
        let store = &store;
        async move { store.answered(&asked.scope, &asked.key, asked.fingerprint).await }
    };
    assert_eq!(answered(asked.clone()).await.unwrap(), None, "before the request");
    apply(&*store, ChangeSet { idempotency: Some(asked.clone()), ..rename(&user, "Once") }).await;
    assert_eq!(answered(asked.clone()).await.unwrap(), Some(asked.answer.clone()));
    for _ in 0..2 {
        let again = Idempotency { answer: b"another answer".to_vec(), ..asked.clone() };
        let committed = store.commit(ChangeSet { idempotency: Some(again), ..rename(&user, "Twice") }).await;
        assert!(
            matches!(&committed, Ok(Committed::Replayed(answer)) if *answer == asked.answer),
            "{committed:?}"
        );
    }
    assert_eq!(load_user(&*store, user.id).await.value, renamed(&user, "Once"));
}

pub(super) async fn leaves_no_effect_of_a_replay(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let booking = super::given::pending(1);
    let asked = Some(build::idempotency("key", "request", "answer"));
    apply(&*store, ChangeSet { idempotency: asked.clone(), ..rename(&user, "Once") }).await;
    let user = load_user(&*store, user.id).await;
    let before = traces(&*store, user.id, booking.id).await;
    // Valid at the current version, so that only the key prevents the commit.
    let target = AggregateRef::User(user.id);
    let amount = build::kes(10);
    let put =
        crate::store::Put::new(crate::booking::Booking::from_record(booking.clone())).due_at(Some(start()));
    let again = ChangeSet {
        idempotency: asked,
        take: vec![super::given::claim("taken", user.id)],
        events: vec![event(target, user.version.next(), 0, start())],
        entries: vec![build::entry(
            1,
            target,
            crate::ledger::Account::Bank,
            crate::ledger::Account::Losses,
            amount,
        )],
        ..rename(&user, "Twice").write(put)
    };
    let committed = store.commit(again).await;
    assert!(matches!(committed, Ok(Committed::Replayed(_))), "{committed:?}");
    assert_eq!(traces(&*store, user.id, booking.id).await, before);
}

pub(super) async fn refuses_another_request(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let asked = build::idempotency("key", "request", "answer");
    apply(&*store, ChangeSet { idempotency: Some(asked.clone()), ..rename(&user, "Once") }).await;
    let user = load_user(&*store, user.id).await;
    let other = build::idempotency("key", "another request", "answer");
    let error =
        refuse(&*store, ChangeSet { idempotency: Some(other.clone()), ..rename(&user, "Twice") }).await;
    assert!(matches!(error, StoreError::KeyReused), "{error:?}");
    let answered = store.answered(&other.scope, &other.key, other.fingerprint).await;
    assert!(matches!(answered, Err(StoreError::KeyReused)), "{answered:?}");
    assert_eq!(load_user(&*store, user.id).await.version, user.version);
}

pub(super) async fn keeps_scopes_and_keys_apart(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut user = stored_user(&*store, customer(1)).await;
    // These pairs would be equal if a store joined scope and key without a separator.
    let names = [("a", "b"), ("a", "c"), ("b", "b"), ("a/b", "c"), ("a", "b/c"), ("a:b", "c"), ("a", "b:c")];
    let request = |(scope, key): (&str, &str)| Idempotency {
        scope: scope.to_owned(),
        ..build::idempotency(key, &format!("{scope} and {key}"), &format!("answer to {scope} and {key}"))
    };
    for name in names {
        apply(&*store, ChangeSet { idempotency: Some(request(name)), ..rename(&user, "Name") }).await;
        user = load_user(&*store, user.id).await;
    }
    for name in names {
        let asked = request(name);
        let answer = store.answered(&asked.scope, &asked.key, asked.fingerprint).await.unwrap();
        assert_eq!(answer, Some(asked.answer), "{name:?}");
    }
}

pub(super) async fn keeps_answers_until_they_expire(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    // Far in the future, since a database may use the clock of its machine.
    let far = start() + TimeDelta::days(36_500);
    let passing = Idempotency { expires_at: Some(far), ..build::idempotency("passing", "request", "answer") };
    let lasting = Idempotency { expires_at: None, ..build::idempotency("lasting", "request", "answer") };
    apply(&*store, ChangeSet { idempotency: Some(passing.clone()), ..rename(&user, "Once") }).await;
    let user = load_user(&*store, user.id).await;
    let almost = far - TimeDelta::milliseconds(1);
    let events = vec![event(AggregateRef::User(user.id), Version::new(2), 0, almost)];
    apply(&*store, ChangeSet { idempotency: Some(lasting.clone()), events, ..rename(&user, "Twice") }).await;
    for asked in [&passing, &lasting] {
        let answer = store.answered(&asked.scope, &asked.key, asked.fingerprint).await.unwrap();
        assert_eq!(answer.as_ref(), Some(&asked.answer), "{}", asked.key.as_str());
    }
    let user = load_user(&*store, user.id).await;
    let events = vec![event(AggregateRef::User(user.id), Version::new(3), 0, far + TimeDelta::days(1))];
    apply(&*store, ChangeSet { events, ..rename(&user, "Thrice") }).await;
    let answer = store.answered(&lasting.scope, &lasting.key, lasting.fingerprint).await.unwrap();
    assert_eq!(answer, Some(lasting.answer), "kept without an expiry");
}

pub(super) async fn keeps_the_largest_answer(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let every_byte = (0..=u8::MAX).cycle().take(Idempotency::MAX_ANSWER_BYTES).collect();
    let asked = Idempotency {
        scope: "booking.accept user 0123".to_owned(),
        key: IdempotencyKey::new(&"!~{$.".repeat(51)).unwrap(),
        fingerprint: Fingerprint::of(b"request"),
        answer: every_byte,
        expires_at: None,
    };
    apply(&*store, ChangeSet { idempotency: Some(asked.clone()), ..rename(&user, "Once") }).await;
    let answer = store.answered(&asked.scope, &asked.key, asked.fingerprint).await.unwrap();
    assert_eq!(answer, Some(asked.answer));
}
