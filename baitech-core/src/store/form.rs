use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    AggregateRef, Bound, ChangeSet, Claim, ClaimKey, Guard, Idempotency, StoreError, Tally, Version,
};

impl ChangeSet {
    /// Checks the form of a change set, independent of stored data: one write per aggregate; events only of
    /// written aggregates, with their new version; one holder per claim; one tally per aggregate; bounds that
    /// a store can check; an answer that is not too large. Every store calls this first in a commit.
    ///
    /// # Errors
    /// [`StoreError::Malformed`] with the reason: a bug of the caller.
    pub fn check(&self) -> Result<(), StoreError> {
        let written = written_versions(self)?;
        check_events(self, &written)?;
        check_takes(&self.take)?;
        check_tallies(self, &written)?;
        check_bounds(&self.bounds)?;
        check_balances(&self.guards)?;
        let answer = self.idempotency.as_ref().map_or(0, |idempotency| idempotency.answer.len());
        if answer > Idempotency::MAX_ANSWER_BYTES {
            return malformed(format!("the answer has {answer} bytes, which is too large"));
        }
        Ok(())
    }
}

fn malformed<T>(what: impl Into<Cow<'static, str>>) -> Result<T, StoreError> {
    Err(StoreError::Malformed(what.into()))
}

fn written_versions(changes: &ChangeSet) -> Result<HashMap<AggregateRef, Version>, StoreError> {
    let mut versions = HashMap::new();
    for write in &changes.writes {
        if versions.insert(write.target(), write.expected().written()).is_some() {
            return malformed(format!("the set writes {} twice", write.target()));
        }
    }
    Ok(versions)
}

fn check_events(changes: &ChangeSet, written: &HashMap<AggregateRef, Version>) -> Result<(), StoreError> {
    let mut ids = HashSet::new();
    let mut places = HashSet::new();
    for event in &changes.events {
        let (id, target) = (event.id, event.aggregate);
        match written.get(&target) {
            None => {
                return malformed(format!("event {id} belongs to {target}, which the set does not write"));
            }
            Some(version) if *version != event.version => {
                return malformed(format!(
                    "event {id} has version {} of {target}, which the set writes with version {version}",
                    event.version
                ));
            }
            Some(_) => {}
        }
        if !ids.insert(id) || !places.insert((target, event.n)) {
            return malformed(format!("the set contains event {id} of {target} twice"));
        }
    }
    Ok(())
}

fn check_tallies(changes: &ChangeSet, written: &HashMap<AggregateRef, Version>) -> Result<(), StoreError> {
    let mut counted = HashSet::new();
    for target in changes.tallies.iter().map(Tally::target) {
        if !counted.insert(target) || written.contains_key(&target) {
            return malformed(format!(
                "the set has a tally on {target} and also a write or another tally on it"
            ));
        }
    }
    Ok(())
}

/// The entries of all users post to the platform's own accounts, so a bound on them would serialise all
/// commits.
fn check_bounds(bounds: &[Bound]) -> Result<(), StoreError> {
    for bound in bounds {
        if let Some(common) = bound.accounts().find(|account| account.is_common()) {
            return malformed(format!("{common} is a platform account and cannot have a bound"));
        }
        if bound.counting == Some(bound.account) {
            return malformed(format!("a bound counts {} twice", bound.account));
        }
        if let (Some(min), Some(max)) = (bound.min, bound.max)
            && min.currency() != max.currency()
        {
            return malformed(format!("a bound of {} has two currencies", bound.account));
        }
    }
    Ok(())
}

fn check_balances(guards: &[Guard]) -> Result<(), StoreError> {
    for guard in guards {
        if let Guard::Balance { account, min: _ } = guard
            && account.is_common()
        {
            return malformed(format!("{account} is a platform account and cannot be guarded"));
        }
    }
    Ok(())
}

fn check_takes(take: &[Claim]) -> Result<(), StoreError> {
    let mut holders: HashMap<&ClaimKey, AggregateRef> = HashMap::new();
    for claim in take {
        if holders.insert(&claim.key, claim.holder).is_some_and(|holder| holder != claim.holder) {
            return malformed(format!("two holders take the claim {}", claim.key));
        }
    }
    Ok(())
}
