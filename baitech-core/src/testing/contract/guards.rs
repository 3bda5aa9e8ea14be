use super::{
    Fixture,
    given::{apply, load_user, pending, refuse, rename, stored_user},
};
use crate::{
    booking::Booking,
    payment::{Transaction, TransactionKind, TransactionStatus},
    store::{AggregateRef, ChangeSet, Guard, Put, StoreError, Version},
    testing::build::{customer, kes, transaction, webhook},
};

pub(super) async fn let_pass_at_their_version(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let written = stored_user(&*store, customer(1)).await;
    let guarded = stored_user(&*store, customer(2)).await;
    let guards = vec![Guard { target: AggregateRef::User(guarded.id), version: guarded.version }];
    apply(&*store, ChangeSet { guards: guards.clone(), ..rename(&written, "Once") }).await;
    let after = load_user(&*store, guarded.id).await;
    assert_eq!((&after.value, after.version), (&guarded.value, guarded.version), "a guard changes nothing");
    // Guarding again, and writing over what was loaded before the guard, both work.
    let written = load_user(&*store, written.id).await;
    apply(&*store, ChangeSet { guards, ..rename(&written, "Twice") }).await;
    apply(&*store, rename(&guarded, "Guarded")).await;
}

pub(super) async fn cover_every_kind(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let (kind, status) = (TransactionKind::Tip, TransactionStatus::Initiated);
    let paid = Transaction::from_record(transaction(1, &customer(1), kind, status, kes(5)));
    let booking = Booking::from_record(pending(1));
    let targets = [
        AggregateRef::Transaction(paid.id),
        AggregateRef::Booking(booking.id),
        AggregateRef::Webhook(webhook(1).id),
    ];
    let new = ChangeSet::new().write(Put::new(paid)).write(Put::new(booking)).write(Put::new(webhook(1)));
    apply(&*store, new).await;
    let mut written = stored_user(&*store, customer(1)).await;
    for target in targets {
        let at = |version| vec![Guard { target, version }];
        let stale = ChangeSet { guards: at(Version::FIRST.next()), ..rename(&written, "Once") };
        let error = refuse(&*store, stale).await;
        assert!(matches!(error, StoreError::Conflict(of) if of == target), "{error:?}");
        apply(&*store, ChangeSet { guards: at(Version::FIRST), ..rename(&written, "Once") }).await;
        written = load_user(&*store, written.id).await;
    }
}

pub(super) async fn refuse_another_version(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let written = stored_user(&*store, customer(1)).await;
    let guarded = stored_user(&*store, customer(2)).await;
    apply(&*store, rename(&guarded, "Newer")).await;
    for version in [guarded.version, guarded.version.next().next()] {
        let guards = vec![Guard { target: AggregateRef::User(guarded.id), version }];
        let error = refuse(&*store, ChangeSet { guards, ..rename(&written, "Once") }).await;
        assert!(
            matches!(error, StoreError::Conflict(AggregateRef::User(id)) if id == guarded.id),
            "{error:?}"
        );
    }
    assert_eq!(load_user(&*store, written.id).await.value, written.value);
}

pub(super) async fn refuse_what_is_not_there(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let written = stored_user(&*store, customer(1)).await;
    let target = AggregateRef::User(customer(2).id);
    let guards = vec![Guard { target, version: Version::FIRST }];
    let error = refuse(&*store, ChangeSet { guards, ..rename(&written, "Once") }).await;
    assert!(matches!(error, StoreError::Conflict(missing) if missing == target), "{error:?}");
    assert_eq!(load_user(&*store, written.id).await.value, written.value);
}
