use super::{
    Fixture,
    given::{apply, load_user, refuse, rename, stored_user},
};
use crate::{
    store::{AggregateRef, ChangeSet, Guard, StoreError, Version},
    testing::build::customer,
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
