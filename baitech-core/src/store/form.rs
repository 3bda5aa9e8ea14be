use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    AggregateRef, Bound, ChangeSet, Claim, ClaimKey, EdgeKey, Guard, Idempotency, Revision, StoreError,
    Subject, Tally, Version,
};

impl ChangeSet {
    /// Checks the form of a change set, independent of stored data: one write per aggregate; one change per
    /// edge, which changes its value, and per search entry; events only of written aggregates and changed edges, with their new
    /// version or revision; one holder per claim; one tally per aggregate; one delta per counter; bounds that
    /// a store can check; no answer to a request beside a step of a consumer; an answer that is not too
    /// large. Every store calls this first in a commit.
    ///
    /// # Errors
    /// [`StoreError::Malformed`] with the reason: a bug of the caller.
    pub fn check(&self) -> Result<(), StoreError> {
        let written = written_versions(self)?;
        check_events(self, &written, &changed_revisions(self)?)?;
        check_takes(&self.take)?;
        check_tallies(self, &written)?;
        check_counters(self)?;
        check_search(self)?;
        check_bounds(&self.bounds)?;
        check_balances(&self.guards)?;
        if self.consumed.is_some() && self.idempotency.is_some() {
            return malformed(
                "a step of a consumer has no request to answer: its cursor recognises repetitions",
            );
        }
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

fn changed_revisions(changes: &ChangeSet) -> Result<HashMap<EdgeKey, Revision>, StoreError> {
    let mut revisions = HashMap::new();
    for change in &changes.edges {
        if change.before.value == change.value {
            return malformed(format!("the set changes nothing about the edge {}", change.key()));
        }
        if revisions.insert(change.key(), change.written()).is_some() {
            return malformed(format!("the set changes the edge {} twice", change.key()));
        }
    }
    Ok(revisions)
}

fn check_events(
    changes: &ChangeSet,
    written: &HashMap<AggregateRef, Version>,
    changed: &HashMap<EdgeKey, Revision>,
) -> Result<(), StoreError> {
    let mut ids = HashSet::new();
    let mut places = HashSet::new();
    for event in &changes.events {
        let (id, subject) = (event.id, event.subject);
        let belongs = match subject {
            Subject::Aggregate { aggregate, version } => written.get(&aggregate) == Some(&version),
            Subject::Edge { edge, revision } => changed.get(&edge) == Some(&revision),
        };
        if !belongs {
            return malformed(format!("event {id} belongs to {subject}, which the set does not write"));
        }
        if !ids.insert(id) || !places.insert((subject, event.n)) {
            return malformed(format!("the set contains event {id} of {subject} twice"));
        }
    }
    Ok(())
}

fn check_counters(changes: &ChangeSet) -> Result<(), StoreError> {
    let mut moved = HashSet::new();
    match changes.counters.iter().find(|delta| !moved.insert(delta.key)) {
        Some(delta) => malformed(format!("the set has two deltas of the counter {}", delta.key)),
        None => Ok(()),
    }
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
fn check_search(changes: &ChangeSet) -> Result<(), StoreError> {
    let mut keys = HashSet::new();
    match changes.search.iter().find(|change| !keys.insert(change.key)) {
        Some(twice) => malformed(format!("the set changes the search entry {} twice", twice.key)),
        None => Ok(()),
    }
}

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
