use super::state::{Row, State, Table};
use crate::{
    decide::Aggregate,
    kernel::MoneyError,
    store::{
        Binding, Breach, ChangeSet, Claim, Committed, EdgeChange, Expected, Guard, Idempotency, Limit, Put,
        StoreError, Write,
    },
};

/// Applies a change set: first all checks, in the order that [`ChangeSet`] documents, then all effects. No
/// effect can fail, so the set is applied whole or not at all.
pub(super) fn commit(state: &mut State, changes: ChangeSet) -> Result<Committed, StoreError> {
    changes.check()?;
    let ChangeSet {
        writes,
        guards,
        free,
        take,
        tallies,
        edges,
        counters,
        search,
        entries,
        bounds,
        events,
        consumed,
        idempotency,
    } = changes;

    if let Some(answer) = answered(state, idempotency.as_ref())? {
        return Ok(Committed::Replayed(answer));
    }
    check_versions(state, &writes)?;
    check_guards(state, &guards)?;
    check_edges(state, &guards, &edges)?;
    state.log.check(consumed.as_ref())?;
    check_claims(state, &free, &take)?;
    check_unique(state, &writes)?;
    let malformed = |error: MoneyError| StoreError::Malformed(error.to_string().into());
    let sums = state.ledger.sums(&entries).map_err(malformed)?;
    for guard in &guards {
        if let Guard::Balance { account, min } = *guard
            && state.ledger.balance(account, min.currency()).amount() < min.amount()
        {
            return Err(StoreError::OutOfBounds(Breach { account, limit: Limit::Min(min) }));
        }
    }
    for binding in Binding::of(&entries, &bounds).map_err(malformed)? {
        let balance = state.ledger.balance_of(&binding).map_err(malformed)?;
        if let Some(breach) = binding.breach(balance).map_err(malformed)? {
            return Err(StoreError::OutOfBounds(breach));
        }
    }

    for claim in free {
        if state.claims.get(&claim.key) == Some(&claim.holder) {
            state.claims.remove(&claim.key);
        }
    }
    state.claims.extend(take.into_iter().map(|claim| (claim.key, claim.holder)));
    for write in writes {
        apply(state, write);
    }
    for tally in tallies {
        state.users.count(&tally);
    }
    for change in edges {
        state.hear(change.at);
        state.edges.apply(change);
    }
    for delta in counters {
        let count = state.counts.entry(delta.key).or_default();
        *count = count.saturating_add(delta.by);
    }
    for change in search {
        state.search.apply(change);
    }
    for moment in entries.iter().map(|entry| entry.at).chain(events.iter().map(|event| event.at)) {
        state.hear(moment);
    }
    state.ledger.book(entries, sums);
    state.log.push(events);
    if let Some(consumed) = consumed {
        state.log.consume(consumed);
    }
    if let Some(idempotency) = idempotency {
        state.answers.keep(idempotency);
    }
    if let Some(latest) = state.latest {
        state.answers.expire(latest);
    }
    Ok(Committed::Applied)
}

fn answered(state: &State, request: Option<&Idempotency>) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(request) = request else { return Ok(None) };
    let answer = state.answers.find(&request.scope, &request.key, request.fingerprint)?;
    Ok(answer.map(<[u8]>::to_vec))
}

fn check_versions(state: &State, writes: &[Write]) -> Result<(), StoreError> {
    for write in writes {
        let expected = match write.expected() {
            Expected::Absent => None,
            Expected::At(version) => Some(version),
        };
        if state.version(write.target()) != expected {
            return Err(StoreError::Conflict(write.target()));
        }
    }
    Ok(())
}

fn check_guards(state: &State, guards: &[Guard]) -> Result<(), StoreError> {
    for guard in guards {
        let holds = match guard {
            Guard::Version { target, version } => state.version(*target) == Some(*version),
            Guard::User { id, stamps } => state.users.get(*id).is_some_and(|row| stamps.hold_for(&row.value)),
            // Checked with the bounds, and with the edges.
            Guard::Balance { .. } | Guard::NoEdge { .. } => true,
        };
        if let Some(target) = guard.target().filter(|_| !holds) {
            return Err(StoreError::Conflict(target));
        }
    }
    Ok(())
}

fn check_edges(state: &State, guards: &[Guard], changes: &[EdgeChange]) -> Result<(), StoreError> {
    for key in guards.iter().filter_map(Guard::absent_edge) {
        if state.edges.get(&key).is_present() {
            return Err(StoreError::EdgeConflict(key));
        }
    }
    for change in changes {
        if state.edges.get(&change.key()).revision != change.before.revision {
            return Err(StoreError::EdgeConflict(change.key()));
        }
    }
    Ok(())
}

fn check_claims(state: &State, free: &[Claim], take: &[Claim]) -> Result<(), StoreError> {
    let mut take: Vec<&Claim> = take.iter().collect();
    take.sort_unstable();
    for claim in take {
        let Some(holder) = state.claims.get(&claim.key).copied() else { continue };
        let freed = || free.iter().any(|freed| freed.key == claim.key && freed.holder == holder);
        if holder != claim.holder && !freed() {
            return Err(StoreError::Claimed(Claim { key: claim.key.clone(), holder }));
        }
    }
    Ok(())
}

fn check_unique(state: &State, writes: &[Write]) -> Result<(), StoreError> {
    macro_rules! check {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            $(state.$list.check_unique(
                writes.iter().filter_map(|write| match write {
                    Write::$Arm(put) => Some(&put.value),
                    _ => None,
                }).collect(),
            )?;)+
        };
    }
    crate::for_each_aggregate!(check);
    Ok(())
}

fn apply(state: &mut State, write: Write) {
    let (target, version) = (write.target(), write.expected().written());
    macro_rules! put {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            match write {
                $(Write::$Arm(put) => {
                    // This store keeps nothing but the value, so it ignores the origin.
                    let Put { value, expected: _, origin: _, due_at } = *put;
                    let updated_at = Aggregate::updated_at(&value);
                    state.$list.put(Row { value, version });
                    (due_at, updated_at)
                })+
            }
        };
    }
    let (due_at, updated_at) = crate::for_each_aggregate!(put);
    state.due.schedule(target, due_at);
    state.hear(updated_at);
}
