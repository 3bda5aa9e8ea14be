//! What a change set must be, whatever is stored.

use std::collections::{BTreeMap, BTreeSet};

use baitech_core::store::{AggregateRef, ChangeSet, Idempotency, StoreError, Version};

use super::plan::terms;

pub(super) fn check(changes: &ChangeSet) -> Result<(), StoreError> {
    let written = written(changes)?;
    check_events(changes, &written)?;
    check_takes(changes)?;
    let answer = changes.idempotency.as_ref().map_or(0, |record| record.answer.len());
    if answer > Idempotency::MAX_ANSWER_BYTES {
        return Err(terms(format!("its answer has {answer} bytes")));
    }
    Ok(())
}

fn written(changes: &ChangeSet) -> Result<BTreeMap<AggregateRef, Version>, StoreError> {
    let mut written = BTreeMap::new();
    for write in &changes.writes {
        if written.insert(write.target(), write.expected().written()).is_some() {
            return Err(terms(format!("{} is written twice", write.target())));
        }
    }
    Ok(written)
}

fn check_events(changes: &ChangeSet, written: &BTreeMap<AggregateRef, Version>) -> Result<(), StoreError> {
    let mut ids = BTreeSet::new();
    let mut places = BTreeSet::new();
    for event in &changes.events {
        let (target, version) = (event.aggregate, event.version);
        if written.get(&target) != Some(&version) {
            return Err(terms(format!(
                "an event belongs to version {version} of {target}, which is not written"
            )));
        }
        if !ids.insert(event.id) || !places.insert((target, event.n)) {
            return Err(terms(format!("two events of {target} have one id or one place")));
        }
    }
    Ok(())
}

fn check_takes(changes: &ChangeSet) -> Result<(), StoreError> {
    let mut takers = BTreeMap::new();
    for claim in &changes.take {
        if takers.insert(&claim.key, claim.holder).is_some_and(|other| other != claim.holder) {
            return Err(terms(format!("{} is taken for two holders", claim.key)));
        }
    }
    Ok(())
}
