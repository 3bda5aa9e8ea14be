use super::{
    Fixture,
    given::{apply, claim, key, load_user, refuse, rename, stored_user},
};
use crate::{
    store::{ChangeSet, Claim, StoreError},
    testing::build::customer,
};

pub(super) async fn are_held_when_taken(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let keys = ["b", "a", "c", "a"].map(key);
    assert_eq!(store.held(&keys).await.unwrap(), []);
    assert_eq!(store.held(&[]).await.unwrap(), []);
    let take = vec![claim("b", user.id), claim("a", customer(2).id)];
    apply(&*store, ChangeSet { take, ..rename(&user, "Holder") }).await;
    let held = [claim("a", customer(2).id), claim("b", user.id)];
    assert_eq!(store.held(&keys).await.unwrap(), held, "sorted by key, each once");
    assert_eq!(store.held(&[key("c")]).await.unwrap(), []);
}

pub(super) async fn can_be_taken_again_by_their_holder(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    apply(&*store, ChangeSet { take: vec![claim("a", user.id)], ..rename(&user, "One") }).await;
    let user = load_user(&*store, user.id).await;
    let take = vec![claim("b", user.id), claim("a", user.id), claim("a", user.id)];
    apply(&*store, ChangeSet { take, ..rename(&user, "Two") }).await;
    assert_eq!(store.held(&["a", "b"].map(key)).await.unwrap().len(), 2);

    let rival = stored_user(&*store, customer(2)).await;
    let take = vec![claim("c", rival.id), claim("a", rival.id)];
    let error = refuse(&*store, ChangeSet { take, ..rename(&rival, "Rival") }).await;
    assert!(matches!(&error, StoreError::Claimed(held) if *held == claim("a", user.id)), "{error:?}");
    assert_eq!(store.held(&[key("c")]).await.unwrap(), []);
}

/// Returns the holder of a claim that user 1 has taken, after a commit by user 2.
async fn after(fixture: &dyn Fixture, changes: impl FnOnce(ChangeSet) -> ChangeSet) -> Vec<Claim> {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    apply(&*store, ChangeSet { take: vec![claim("a", user.id)], ..rename(&user, "Holder") }).await;
    let other = stored_user(&*store, customer(2)).await;
    apply(&*store, changes(rename(&other, "Other"))).await;
    store.held(&[key("a")]).await.unwrap()
}

pub(super) async fn are_freed_only_by_their_holder(fixture: &dyn Fixture) {
    let (holder, other) = (customer(1).id, customer(2).id);
    let held =
        after(fixture, |set| ChangeSet { free: vec![claim("a", other), claim("none", other)], ..set }).await;
    assert_eq!(
        held,
        [claim("a", holder)],
        "a release of another holder's claim or of a free claim has no effect"
    );
    let held = after(fixture, |set| ChangeSet { free: vec![claim("a", holder)], ..set }).await;
    assert_eq!(held, []);
}

pub(super) async fn are_freed_before_they_are_taken(fixture: &dyn Fixture) {
    let (holder, other) = (customer(1).id, customer(2).id);
    let handed_over =
        |set| ChangeSet { free: vec![claim("a", holder)], take: vec![claim("a", other)], ..set };
    assert_eq!(after(fixture, handed_over).await, [claim("a", other)]);
    let renewed = |set| ChangeSet { free: vec![claim("a", holder)], take: vec![claim("a", holder)], ..set };
    assert_eq!(after(fixture, renewed).await, [claim("a", holder)]);
}

/// Like a booking that moves within its technician's day: some of its cells are released and taken again,
/// others are only kept.
pub(super) async fn are_kept_while_others_are_renewed(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let both = vec![claim("a", user.id), claim("b", user.id)];
    apply(&*store, ChangeSet { take: both.clone(), ..rename(&user, "Holder") }).await;
    let user = load_user(&*store, user.id).await;
    let free = vec![claim("a", user.id)];
    apply(&*store, ChangeSet { free, take: both.clone(), ..rename(&user, "Renewed") }).await;
    assert_eq!(store.held(&["a", "b"].map(key)).await.unwrap(), both);
}
