use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Aggregate, Attached, Decision};
use crate::{
    booking::{SLOT_CLAIMS, is_numberless},
    engine::Engine,
    kernel::{Actor, Code, Entropy, Error, Id, Kind, Result, Rule, Violation, after, unless_never},
    payment::{Transaction, TransactionNumber},
    store::{
        AggregateRef, ChangeSet, Claim, Committed, Event, EventKind, Fingerprint, Idempotency,
        IdempotencyKey, Load, Origin, Put, StoreError, Stored, Tally, Version, Write,
    },
};

/// How often a command is decided anew after a conflict.
const MAX_ATTEMPTS: u32 = 20;

/// Who asks for what, and on which terms.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) actor: Actor,
    /// Only if the aggregate is still at this version.
    pub(crate) pinned: Option<Version>,
    /// The client's key, and what it stands for.
    pub(crate) request: Option<Request>,
}

impl Command {
    pub(crate) fn new(
        actor: &Actor,
        pinned: Option<Version>,
        key: Option<&IdempotencyKey>,
        name: &'static str,
        arguments: &impl Serialize,
    ) -> Result<Self> {
        let request = key.map(|key| Request::new(actor, key, name, arguments)).transpose()?;
        Ok(Self { actor: *actor, pinned, request })
    }
}

/// A request that its client may repeat.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    scope: String,
    key: IdempotencyKey,
    fingerprint: Fingerprint,
}

impl Request {
    /// The request to do `name` with `arguments`, under an actor's key.
    fn new(
        actor: &Actor,
        key: &IdempotencyKey,
        name: &'static str,
        arguments: &impl Serialize,
    ) -> Result<Self> {
        let who = actor.id().map_or_else(|| "system".to_owned(), |id| id.to_string());
        let body = serde_json::to_vec(arguments)
            .map_err(|error| Violation::new("body", Code::Malformed, error.to_string()))?;
        Ok(Self { scope: format!("{who}/{name}"), key: key.clone(), fingerprint: Fingerprint::of(&body) })
    }
}

/// The answer that is kept for a repeated request: what was made or else changed. The repetition gets it as it is by then.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
struct Answer<A> {
    id: Id<A>,
}

/// What a decision is made in, besides the aggregate itself.
#[derive(Debug)]
pub(crate) struct Situation {
    /// The present moment, never earlier than the aggregate's last write.
    pub(crate) now: DateTime<Utc>,
    /// The transactions whose money moves with the command.
    pub(crate) payments: Vec<Stored<Transaction>>,
    /// Numbers for new transactions, as many as were drawn.
    pub(crate) numbers: Vec<TransactionNumber>,
}

/// Whether a command makes a transaction, for which a number has to be drawn beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// It makes none.
    Never,
    /// It makes one for each payment that it may give back.
    WithPayment,
    /// It makes one.
    Always,
}

/// The next transaction number of this day.
pub(crate) async fn draw_transaction_number(engine: &Engine) -> Result<TransactionNumber> {
    let now = engine.clock.now();
    let sequence = engine.counters.next(&TransactionNumber::series(now)).await?;
    let exhausted = || Error::refused(Rule::NumbersExhausted, "this day has no transaction number left");
    TransactionNumber::new(now, sequence).ok_or_else(exhausted)
}

/// Those of the transactions that there are, in their order.
pub(crate) async fn load_payments(
    engine: &Engine,
    ids: &[Id<Transaction>],
) -> Result<Vec<Stored<Transaction>>> {
    let mut payments = Vec::with_capacity(ids.len());
    for id in ids {
        payments.extend(engine.transactions.load(*id).await?);
    }
    Ok(payments)
}

/// Commits decisions until one is taken, up to twenty times with pauses that grow.
#[derive(Debug)]
pub(crate) struct Attempts<'a> {
    engine: &'a Engine,
    command: &'a Command,
    made: u32,
}

impl<'a> Attempts<'a> {
    pub(crate) const fn new(engine: &'a Engine, command: &'a Command) -> Self {
        Self { engine, command, made: 0 }
    }

    /// Commits a decision. `None` after a conflict, when the caller has to look and decide again.
    pub(crate) async fn commit<A: Aggregate>(
        &mut self,
        load: &dyn Load<A>,
        now: DateTime<Utc>,
        over: Option<&Stored<A>>,
        decision: Decision<A>,
    ) -> Result<Option<Stored<A>>> {
        let id = decision.next.id();
        let failed = match commit(self.engine, self.command, now, over, decision).await {
            Ok(Done::Written(written)) => return Ok(Some(written)),
            Ok(Done::Replayed(answer)) => return replay(load, &answer).await.map(Some),
            Err(failed @ StoreError::Conflict(_)) => failed,
            Err(error) => return Err(refusal(error)),
        };
        self.made += 1;
        if self.command.pinned.is_none() && self.made < MAX_ATTEMPTS {
            self.engine.pause.pause(backoff(self.made - 1, &*self.engine.entropy)).await;
            return Ok(None);
        }
        match load.load(id).await? {
            Some(current) => Err(Error::Conflict(A::current(current))),
            None => Err(Error::Unavailable { reason: failed.to_string() }),
        }
    }
}

/// Loads, decides, commits; again after a conflict, up to twenty times with pauses that grow, while the stage first met holds.
///
/// A pinned command is decided once: its conflict is the caller's to look at.
pub(crate) async fn change<A, F>(
    engine: &Engine,
    load: &dyn Load<A>,
    (command, numbering): (&Command, Numbering),
    id: Id<A>,
    decide: F,
) -> Result<Stored<A>>
where
    A: Aggregate,
    F: Fn(A, &Situation) -> Result<Decision<A>> + Send + Sync,
{
    match decide_and_commit(engine, load, (command, numbering), id, decide).await {
        // The same request, sent twice at once, may have been answered between the look for its answer and the decision.
        Err(error @ (Error::Refused(_) | Error::Conflict(_) | Error::Forbidden { .. })) => {
            answered(engine, load, command).await?.ok_or(error)
        }
        done => done,
    }
}

async fn decide_and_commit<A, F>(
    engine: &Engine,
    load: &dyn Load<A>,
    (command, numbering): (&Command, Numbering),
    id: Id<A>,
    decide: F,
) -> Result<Stored<A>>
where
    A: Aggregate,
    F: Fn(A, &Situation) -> Result<Decision<A>> + Send + Sync,
{
    let mut first_stage = None;
    let mut attempts = Attempts::new(engine, command);
    let mut numbers = Vec::new();
    loop {
        if let Some(answered) = answered(engine, load, command).await? {
            return Ok(answered);
        }
        let stored = load.load(id).await?.ok_or_else(|| Error::not_found(A::KIND, id))?;
        let pin_broken = command.pinned.is_some_and(|version| version != stored.version);
        let stage = stored.value.stage();
        if pin_broken || first_stage.get_or_insert_with(|| stored.value.stage()) != &stage {
            return Err(Error::Conflict(A::current(stored)));
        }
        let payments = load_payments(engine, &stored.value.payments()).await?;
        let wanted = match numbering {
            Numbering::Never => 0,
            Numbering::WithPayment => payments.len(),
            Numbering::Always => 1,
        };
        while numbers.len() < wanted {
            numbers.push(draw_transaction_number(engine).await?);
        }
        // Time never goes back within an aggregate, also where the clocks of two processes differ.
        let now = engine.clock.now().max(stored.value.updated_at());
        let most = payments.len().max(1);
        let situation = Situation { now, payments, numbers: numbers.clone() };
        let decision = match decide(stored.value.clone(), &situation) {
            // A payment may be further on than the booking that was read before it.
            Err(error) if numbers.len() < most && is_numberless(&error) => {
                numbers.push(draw_transaction_number(engine).await?);
                continue;
            }
            decided => decided?,
        };
        if let Some(written) = attempts.commit(load, now, Some(&stored), decision).await? {
            return Ok(written);
        }
    }
}

/// Commits a new aggregate.
pub(crate) async fn create<A: Aggregate>(
    engine: &Engine,
    load: &dyn Load<A>,
    command: &Command,
    now: DateTime<Utc>,
    decision: Decision<A>,
) -> Result<Stored<A>> {
    match commit(engine, command, now, None, decision).await.map_err(refusal)? {
        Done::Written(written) => Ok(written),
        Done::Replayed(answer) => replay(load, &answer).await,
    }
}

/// What a repeated request was answered before, if it was.
pub(crate) async fn answered<A: Aggregate>(
    engine: &Engine,
    load: &dyn Load<A>,
    command: &Command,
) -> Result<Option<Stored<A>>> {
    let Some(request) = &command.request else {
        return Ok(None);
    };
    match engine.commit.answered(&request.scope, &request.key, request.fingerprint).await? {
        Some(answer) => replay(load, &answer).await.map(Some),
        None => Ok(None),
    }
}

enum Done<A> {
    Written(Stored<A>),
    Replayed(Vec<u8>),
}

async fn commit<A: Aggregate>(
    engine: &Engine,
    command: &Command,
    now: DateTime<Utc>,
    over: Option<&Stored<A>>,
    decision: Decision<A>,
) -> Result<Done<A>, StoreError> {
    let Decision { mut next, also, take, free, tallies, entries, solvent, events, also_events, attached } =
        decision;
    // What is begun here moves money sooner or later.
    let money_moves = !entries.is_empty() || A::KIND == Kind::Transaction;
    next.touch(now);
    let holder: AggregateRef = A::reference(next.id());
    let claims = |keys: Vec<_>| keys.into_iter().map(|key| Claim { key, holder }).collect();
    let due_at = next.due_at(&engine.policy);
    let put = match over {
        Some(stored) => Put::over(stored, next.clone()),
        None => Put::new(next.clone()),
    };
    let version = put.expected.written();
    let stamp = |aggregate, version, kinds: Vec<EventKind>| {
        kinds.into_iter().zip(0_u32..).map(move |(kind, n)| Event {
            id: Id::generate(now, &*engine.entropy),
            aggregate,
            version,
            n,
            actor: command.actor,
            at: now,
            kind,
        })
    };
    let kinds = |events: Vec<A::Event>| events.into_iter().map(Into::into).collect();
    let mut all_events: Vec<Event> = stamp(holder, version, kinds(events)).collect();
    let mut writes: Vec<Write> = vec![A::write(put.due_at(due_at))];
    let answer = Answer { id: also.as_ref().map_or_else(|| next.id(), A::id) };
    if let Some(other) = also {
        let (target, due_at) = (A::reference(other.id()), other.due_at(&engine.policy));
        all_events.extend(stamp(target, Version::FIRST, kinds(also_events)));
        writes.push(A::write(Put::new(other).due_at(due_at)));
    }
    for Attached { write, events } in attached {
        all_events.extend(stamp(write.target(), write.expected().written(), events));
        writes.push(write);
    }
    let idempotency = command.request.as_ref().map(|request| Idempotency {
        scope: request.scope.clone(),
        key: request.key.clone(),
        fingerprint: request.fingerprint,
        answer: serde_json::to_vec(&answer).unwrap_or_default(),
        expires_at: if money_moves {
            None
        } else {
            unless_never(after(now, engine.policy.idempotency_lifetime))
        },
    });
    let changes = ChangeSet {
        writes,
        guards: Vec::new(),
        free: claims(free),
        take: claims(take),
        tallies: one_a_user(tallies),
        entries,
        solvent,
        events: all_events,
        idempotency,
    };
    Ok(match engine.commit.commit(changes).await? {
        Committed::Applied => Done::Written(Stored { value: next, version, origin: Origin::none() }),
        Committed::Replayed(answer) => Done::Replayed(answer),
    })
}

/// The tallies of several decisions, summed by user.
fn one_a_user(tallies: Vec<Tally>) -> Vec<Tally> {
    let mut sums: Vec<Tally> = Vec::with_capacity(tallies.len());
    for tally in tallies {
        match sums.iter_mut().find(|sum| sum.user == tally.user) {
            Some(sum) => sum.add.merge(&tally.add),
            None => sums.push(tally),
        }
    }
    sums
}

async fn replay<A: Aggregate>(load: &dyn Load<A>, answer: &[u8]) -> Result<Stored<A>> {
    let unreadable = |error: serde_json::Error| Error::Unavailable { reason: error.to_string() };
    let answer: Answer<A> = serde_json::from_slice(answer).map_err(unreadable)?;
    load.load(answer.id).await?.ok_or_else(|| Error::not_found(A::KIND, answer.id))
}

/// What a failed commit means to a caller.
fn refusal(error: StoreError) -> Error {
    match error {
        StoreError::Claimed(claim) => match claim.key.space() {
            SLOT_CLAIMS => {
                Error::refused(Rule::TimeSlotTaken, "the technician holds another booking at that time")
            }
            space => {
                let field = space.strip_prefix("user.").unwrap_or(space).to_owned();
                Violation::new(field, Code::Duplicate, "another user has this already").into()
            }
        },
        other => other.into(),
    }
}

/// A random time up to 2 ms, doubled with each attempt up to 2 s: rivals spread out instead of meeting again, and twenty attempts
/// last longer than fifty rivals need one after another, also on a store whose commits take a tenth of a second.
fn backoff(attempt: u32, entropy: &dyn Entropy) -> Duration {
    let mut random = [0; 4];
    entropy.fill(&mut random);
    let most_micros = 2_000_u64 << attempt.min(10);
    Duration::from_micros(u64::from(u32::from_le_bytes(random)) % most_micros)
}
