use std::sync::Arc;

use super::{
    Fixture,
    fixture::together,
    given::{apply, load_user, pending, refuse, rename, stored_user},
};
use crate::{
    account::{KycStatus, StatsDelta, UserStamps, UserStatus},
    booking::Booking,
    kernel::Role,
    ledger::Account,
    store::{AggregateRef, ChangeSet, Committed, Guard, Put, StoreError, Tally, Version, Write},
    testing::{
        build::{customer, entry, kes},
        sample_writes,
    },
};

pub(super) async fn pass_at_their_version(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let written = stored_user(&*store, customer(1)).await;
    let guarded = stored_user(&*store, customer(2)).await;
    let guards = vec![Guard::Version { target: AggregateRef::User(guarded.id), version: guarded.version }];
    apply(&*store, ChangeSet { guards: guards.clone(), ..rename(&written, "Once") }).await;
    let after = load_user(&*store, guarded.id).await;
    assert_eq!((&after.value, after.version), (&guarded.value, guarded.version), "a guard changes nothing");
    // A second guard works, and so does a write over the value that was loaded before the guard.
    let written = load_user(&*store, written.id).await;
    apply(&*store, ChangeSet { guards, ..rename(&written, "Twice") }).await;
    apply(&*store, rename(&guarded, "Guarded")).await;
}

pub(super) async fn cover_every_kind(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let new = ChangeSet { writes: sample_writes(2, |_| None), ..ChangeSet::new() };
    let targets: Vec<_> = new.writes.iter().map(Write::target).collect();
    apply(&*store, new).await;
    let mut written = stored_user(&*store, customer(1)).await;
    for target in targets {
        let at = |version| vec![Guard::Version { target, version }];
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
        let guards = vec![Guard::Version { target: AggregateRef::User(guarded.id), version }];
        let error = refuse(&*store, ChangeSet { guards, ..rename(&written, "Once") }).await;
        assert!(
            matches!(error, StoreError::Conflict(AggregateRef::User(id)) if id == guarded.id),
            "{error:?}"
        );
    }
    assert_eq!(load_user(&*store, written.id).await.value, written.value);
}

pub(super) async fn refuse_missing_aggregates(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let written = stored_user(&*store, customer(1)).await;
    let target = AggregateRef::User(customer(2).id);
    let guards = vec![Guard::Version { target, version: Version::FIRST }];
    let error = refuse(&*store, ChangeSet { guards, ..rename(&written, "Once") }).await;
    assert!(matches!(error, StoreError::Conflict(missing) if missing == target), "{error:?}");
    assert_eq!(load_user(&*store, written.id).await.value, written.value);
}

fn stamps(role: Role, status: UserStatus, kyc: KycStatus) -> UserStamps {
    UserStamps { role: Some(role), status: Some(status), kyc: Some(kyc) }
}

pub(super) async fn hold_for_stamps_while_counters_move(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let guarded = stored_user(&*store, customer(1)).await;
    let held = UserStamps::of(&guarded).with_kyc(&guarded);
    // Tallies and further guards of the guarded user do not conflict: all sets are applied.
    let commit = |n: u64| {
        let (store, id) = (Arc::clone(&store), guarded.id);
        let booking = Booking::from_record(pending(n));
        let add = StatsDelta { total: 1, ..StatsDelta::default() };
        let changes = ChangeSet {
            guards: vec![Guard::User { id, stamps: held }],
            tallies: if n.is_multiple_of(2) { vec![Tally::User { id, add }] } else { Vec::new() },
            ..ChangeSet::new().write(Put::new(booking))
        };
        async move { store.commit(changes).await }
    };
    for result in together(fixture, (0..20).map(commit)).await {
        assert_eq!(result.expect("applied"), Committed::Applied);
    }
    let after = load_user(&*store, guarded.id).await;
    assert_eq!(after.stats.total_bookings, guarded.stats.total_bookings + 10);
    // Other fields of the user may change as well.
    apply(&*store, rename(&after, "Renamed")).await;
    let written = stored_user(&*store, customer(2)).await;
    let guards = vec![Guard::User { id: guarded.id, stamps: held }];
    apply(&*store, ChangeSet { guards, ..rename(&written, "Once") }).await;
}

pub(super) async fn hold_for_a_balance(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let owing = Account::Payable(customer(1).id);
    let guarded = |min: i64, n: u64| {
        let guards = vec![Guard::Balance { account: owing, min: kes(min) }];
        ChangeSet { guards, ..ChangeSet::new().write(Put::new(Booking::from_record(pending(n)))) }
    };
    apply(&*store, guarded(0, 1)).await;
    assert_eq!(store.trial_balance().await.unwrap(), [], "a guard posts nothing");
    let error = refuse(&*store, guarded(1, 2)).await;
    assert!(matches!(error, StoreError::OutOfBounds(breach) if breach.account == owing), "{error:?}");
    let booking = Booking::from_record(pending(3));
    let owe = entry(1, booking.id.into(), owing, Account::Bank, kes(10));
    apply(&*store, ChangeSet { entries: vec![owe], ..ChangeSet::new().write(Put::new(booking)) }).await;
    let error = refuse(&*store, guarded(-9, 4)).await;
    assert!(matches!(error, StoreError::OutOfBounds(breach) if breach.account == owing), "{error:?}");
    apply(&*store, guarded(-10, 4)).await;
    let common = Guard::Balance { account: Account::Bank, min: kes(0) };
    let changes = ChangeSet { guards: vec![common], ..ChangeSet::new() };
    assert!(matches!(refuse(&*store, changes).await, StoreError::Malformed(_)));
}

pub(super) async fn refuse_other_stamps(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let written = stored_user(&*store, customer(1)).await;
    let guarded = stored_user(&*store, customer(2)).await;
    let (role, status, kyc) = (guarded.role, guarded.status, guarded.kyc.status);
    let kyc_of_another = if kyc == KycStatus::Rejected { KycStatus::Submitted } else { KycStatus::Rejected };
    for stamps in [
        stamps(Role::Support, status, kyc),
        stamps(role, UserStatus::Suspended, kyc),
        stamps(role, status, kyc_of_another),
    ] {
        let guards = vec![Guard::User { id: guarded.id, stamps }];
        let error = refuse(&*store, ChangeSet { guards, ..rename(&written, "Once") }).await;
        assert!(
            matches!(error, StoreError::Conflict(AggregateRef::User(id)) if id == guarded.id),
            "{error:?}"
        );
    }
    let missing = Guard::User { id: customer(3).id, stamps: UserStamps::default() };
    let error = refuse(&*store, ChangeSet { guards: vec![missing], ..rename(&written, "Once") }).await;
    assert!(matches!(error, StoreError::Conflict(AggregateRef::User(_))), "{error:?}");
    assert_eq!(load_user(&*store, written.id).await.value, written.value);
}
