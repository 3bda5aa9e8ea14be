//! Turns a decision into a change set, and commits it.

use chrono::{DateTime, Utc};

use super::{
    Aggregate, Answers, Attached, Authority, Command, Created, Decision, EdgeEffect, Effects, PolicyOf,
    Runtime,
    command::answer,
    numbers::{DrawnNumbers, number_of},
    search::search_change,
    topics::topics_of,
};
use crate::{
    kernel::{Id, Money, after, unless_never},
    store::{
        AggregateRef, Binding, Bound, Breach, ChangeSet, Claim, Committed, CounterDelta, Entry, Event,
        EventKind, Expected, Guard, Idempotency, Origin, Put, SearchChange, StoreError, Stored, Subject,
        Tally, Topic, Version, Write,
    },
};

pub(super) enum Done<A> {
    Written(Stored<A>),
    Replayed(Vec<u8>),
}

/// Commits a decision on a stored or a new aggregate.
pub(super) async fn commit<A: Aggregate, P: PolicyOf<A>, C: Authority>(
    runtime: &Runtime<P>,
    (command, caller): (&Command<C>, Option<&C>),
    numbers: &mut DrawnNumbers,
    (now, over): (DateTime<Utc>, Option<&Stored<A>>),
    decision: Decision<A>,
) -> Result<Done<A>, StoreError> {
    let Decision { mut next, mut effects } = decision;
    next.touch(now);
    if let Err(refused) = assign_numbers(runtime, command, numbers, &mut next, &mut effects).await {
        let decided_on = over.map(|stored| (A::reference(stored.value.id()), stored.version));
        return Err(match changed_since(runtime, decided_on, &effects.attached).await? {
            Some(target) => StoreError::Conflict(target),
            None => refused,
        });
    }
    let Effects { events, created, attached, take, free, tallies, edges, counters, entries, bounds, guards } =
        effects;
    let money_moves = A::MOVES_MONEY || !entries.is_empty();
    let put = match over {
        Some(stored) => Put::over(stored, next.clone()),
        None => Put::new(next.clone()),
    };
    let version = put.expected.written();
    let stamp_at = |subject, at, topics: Vec<Topic>, kinds: Vec<EventKind>| {
        kinds.into_iter().zip(0_u32..).map(move |(kind, n)| Event {
            id: Id::generate(now, &*runtime.entropy),
            subject,
            n,
            actor: command.actor,
            at,
            topics: topics.clone(),
            kind,
        })
    };
    let stamp = |aggregate, version, topics, kinds| {
        stamp_at(Subject::Aggregate { aggregate, version }, now, topics, kinds)
    };
    let kinds = |events: Vec<A::Event>| events.into_iter().map(Into::into).collect();
    let mut search: Vec<SearchChange> = Vec::new();
    search.extend(search_change(over.map(|stored| &stored.value), &next, version));
    let mut answered = Stored { value: next.clone(), version, origin: Origin::none() };
    let topics = topics_of(over.map(|stored| &stored.value), &next);
    let mut all_events: Vec<Event> = stamp(A::reference(next.id()), version, topics, kinds(events)).collect();
    let due_at = next.due_at(runtime.policy.as_ref());
    let mut writes: Vec<Write> = vec![A::write(put.due_at(due_at))];
    for Created { value, events } in created {
        if command.answers == Answers::Created {
            answered = Stored { value: value.clone(), version: Version::FIRST, origin: Origin::none() };
        }
        all_events.extend(stamp(
            A::reference(value.id()),
            Version::FIRST,
            topics_of(None, &value),
            kinds(events),
        ));
        search.extend(search_change(None, &value, Version::FIRST));
        let due_at = value.due_at(runtime.policy.as_ref());
        writes.push(A::write(Put::new(value).due_at(due_at)));
    }
    for Attached { write, events, topics, search: of_change } in attached {
        all_events.extend(stamp(write.target(), write.expected().written(), topics, events));
        search.extend(match write.expected() {
            Expected::Absent => write.new_search_entry(),
            Expected::At(_) => of_change,
        });
        writes.push(write);
    }
    let mut changes_of_edges = Vec::with_capacity(edges.len());
    for EdgeEffect { change, events } in edges {
        let subject = Subject::Edge { edge: change.key(), revision: change.written() };
        all_events.extend(stamp_at(subject, change.at, Topic::of_edge(change.key()), events));
        changes_of_edges.push(change);
    }
    let idempotency = command.request.as_ref().map(|request| Idempotency {
        scope: request.scope.clone(),
        key: request.key.clone(),
        fingerprint: request.fingerprint,
        answer: answer(A::reference(answered.value.id())),
        expires_at: if money_moves {
            None
        } else {
            unless_never(after(now, runtime.policy.idempotency_lifetime()))
        },
    });
    let changes = ChangeSet {
        guards: merged(guards, caller.map(Authority::guard), &writes)?,
        writes,
        free,
        take,
        tallies: summed(tallies),
        edges: changes_of_edges,
        counters: CounterDelta::summed(counters),
        search,
        entries,
        bounds,
        events: all_events,
        consumed: None,
        idempotency,
    };
    Ok(match runtime.commit.commit(changes).await? {
        Committed::Applied => Done::Written(answered),
        Committed::Replayed(answer) => Done::Replayed(answer),
    })
}

/// Assigns numbers to new aggregates, as the last step before the commit. A command that is known to be
/// refused gets none, because a number that is drawn but not committed is lost.
async fn assign_numbers<A: Aggregate, P, C>(
    runtime: &Runtime<P>,
    command: &Command<C>,
    numbers: &mut DrawnNumbers,
    next: &mut A,
    effects: &mut Effects<A>,
) -> Result<(), StoreError> {
    let fields = next.serial_number().into_iter();
    let fields = fields.chain(effects.created.iter_mut().filter_map(|created| created.value.serial_number()));
    let attached = effects.attached.iter_mut().filter_map(|attached| number_of(&mut attached.write));
    let pending: Vec<_> = fields.chain(attached).filter(|number| number.is_pending()).collect();
    if pending.is_empty() {
        return Ok(());
    }
    require_claims(runtime, command, &effects.take, &effects.free).await?;
    if let Some(breach) = breach_of(runtime, &effects.entries, &effects.bounds).await? {
        return Err(StoreError::OutOfBounds(breach));
    }
    numbers.assign(runtime, pending).await
}

/// The first of the loaded aggregates whose version has changed. Call it after claims and balances were read:
/// a shortage that a newer version explains is a conflict, which the commit itself would find first.
async fn changed_since<P>(
    runtime: &Runtime<P>,
    decided_on: Option<(AggregateRef, Version)>,
    attached: &[Attached],
) -> Result<Option<AggregateRef>, StoreError> {
    let attached = attached.iter().filter_map(|attached| match attached.write.expected() {
        Expected::Absent => None,
        Expected::At(version) => Some((attached.write.target(), version)),
    });
    for (target, version) in decided_on.into_iter().chain(attached) {
        if runtime.versions.version(target).await? != Some(version) {
            return Ok(Some(target));
        }
    }
    Ok(None)
}

async fn require_claims<P, C>(
    runtime: &Runtime<P>,
    command: &Command<C>,
    take: &[Claim],
    free: &[Claim],
) -> Result<(), StoreError> {
    // The decision has just chosen a free one of these.
    let unknown = take.iter().filter(|claim| command.any_of != Some(claim.key.space()));
    let keys: Vec<_> = unknown.map(|claim| claim.key.clone()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let held = runtime.claims.held(&keys).await?;
    let rival = held.into_iter().find(|held| !take.contains(held) && !free.contains(held));
    rival.map_or(Ok(()), |rival| Err(StoreError::Claimed(rival)))
}

/// The first bound that these entries would break now.
pub(crate) async fn breach_of<P>(
    runtime: &Runtime<P>,
    entries: &[Entry],
    bounds: &[Bound],
) -> Result<Option<Breach>, StoreError> {
    for binding in Binding::of(entries, bounds).map_err(overflow)? {
        let mut balance = Money::zero(binding.movement.currency());
        for account in binding.accounts() {
            let of_account = runtime.ledger.balance(account, balance.currency()).await?;
            balance = balance.checked_add(of_account).map_err(overflow)?;
        }
        if let Some(breach) = binding.breach(balance).map_err(overflow)? {
            return Ok(Some(breach));
        }
    }
    Ok(None)
}

/// Merges the guards of a decision with the guard on its caller's permissions: one per aggregate whose stamps
/// are guarded. An aggregate that the set writes at a version needs no guard.
fn merged(guards: Vec<Guard>, of_caller: Option<Guard>, writes: &[Write]) -> Result<Vec<Guard>, StoreError> {
    let written = |guard: &Guard| {
        guard.target().is_some_and(|target| writes.iter().any(|write| write.target() == target))
    };
    let mut merged: Vec<Guard> = Vec::with_capacity(guards.len().saturating_add(1));
    for guard in guards.into_iter().chain(of_caller).filter(|guard| !written(guard)) {
        let known = merged.iter_mut().find_map(|known| known.and(guard).map(|both| (known, both)));
        match known {
            // Contradictory stamps mean that the aggregate changed between two reads.
            Some((known, both)) => *known = both.map_err(StoreError::Conflict)?,
            None => merged.push(guard),
        }
    }
    Ok(merged)
}

fn overflow(error: crate::kernel::MoneyError) -> StoreError {
    StoreError::Malformed(error.to_string().into())
}

/// Sums the tallies of several decisions by aggregate.
fn summed(tallies: Vec<Tally>) -> Vec<Tally> {
    let mut sums: Vec<Tally> = Vec::with_capacity(tallies.len());
    for tally in tallies {
        if !sums.iter_mut().any(|sum| sum.merge(&tally)) {
            sums.push(tally);
        }
    }
    sums
}
