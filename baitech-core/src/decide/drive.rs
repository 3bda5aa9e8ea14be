//! The loop of every command: look for a stored answer, decide and commit; retry after a conflict.

use std::{future::Future, sync::OnceLock, time::Duration};

use chrono::{DateTime, Utc};

use super::{
    Aggregate, Authority, Command, Decision, PolicyOf, Runtime,
    command::{answered, replay},
    commit::{Done, commit},
    numbers::DrawnNumbers,
};
use crate::{
    kernel::{Entropy, Error, Id, Result},
    store::{Load, StoreError, Stored},
};

/// Maximum number of attempts at a command.
const MAX_ATTEMPTS: u32 = 20;

/// Result of one attempt at a command, before the commit.
#[derive(Debug)]
pub(crate) enum Step<A: Aggregate> {
    /// Nothing changes; the command returns this aggregate.
    Unchanged(Stored<A>),
    /// The command commits this decision.
    Commit {
        /// The stored aggregate that was read; `None` for a new one.
        over: Option<Stored<A>>,
        /// The time of the decision.
        now: DateTime<Utc>,
        /// The decision.
        decision: Box<Decision<A>>,
    },
}

impl<A: Aggregate> Step<A> {
    /// A step that commits a new aggregate.
    pub(crate) fn create(now: DateTime<Utc>, decision: Decision<A>) -> Self {
        Self::Commit { over: None, now, decision: Box::new(decision) }
    }

    /// A step that commits a change of a stored aggregate.
    pub(crate) fn change(over: Stored<A>, now: DateTime<Utc>, decision: Decision<A>) -> Self {
        Self::Commit { over: Some(over), now, decision: Box::new(decision) }
    }
}

/// Runs a command. Each attempt calls `step`, which reads and decides; there are up to twenty attempts, with
/// increasing pauses. Everything that `step` reads must be written by its decision, or covered by a guard or
/// bound in its effects.
///
/// A repeated request gets the first answer. A command that is pinned to a version fails with a conflict if
/// its aggregate has another version.
pub(crate) async fn drive<A, P, C, F, Fut>(
    runtime: &Runtime<P>,
    load: &dyn Load<A>,
    command: &Command<C>,
    step: F,
) -> Result<Stored<A>>
where
    A: Aggregate,
    P: PolicyOf<A>,
    C: Authority,
    F: Fn(Option<C>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Step<A>>> + Send,
{
    match attempt(runtime, load, command, step).await {
        // The same request, sent twice concurrently, may have been answered after the check for a stored
        // answer.
        Err(error) => match answered(runtime, load, command).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) | Err(_) => Err(error),
        },
        done => done,
    }
}

async fn attempt<A, P, C, F, Fut>(
    runtime: &Runtime<P>,
    load: &dyn Load<A>,
    command: &Command<C>,
    step: F,
) -> Result<Stored<A>>
where
    A: Aggregate,
    P: PolicyOf<A>,
    C: Authority,
    F: Fn(Option<C>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Step<A>>> + Send,
{
    let mut caller = command.caller.clone();
    let mut numbers = DrawnNumbers::default();
    let mut made = 0;
    loop {
        if let Some(answer) = answered(runtime, load, command).await? {
            return Ok(answer);
        }
        let (over, now, decision) = match step(caller.clone()).await? {
            Step::Unchanged(stored) => return Ok(stored),
            Step::Commit { over, now, decision } => (over, now, decision),
        };
        let id = decision.next.id();
        let looked_at = (now, over.as_ref());
        let by = (command, caller.as_ref());
        let conflict = match commit(runtime, by, &mut numbers, looked_at, *decision).await {
            Ok(Done::Written(written)) => return Ok(written),
            Ok(Done::Replayed(answer)) => return replay(load, &answer).await,
            Err(conflict @ (StoreError::Conflict(_) | StoreError::EdgeConflict(_))) => conflict,
            // Another command took the same claim first: the next attempt finds another free claim, or none.
            Err(StoreError::Claimed(claim))
                if command.any_of == Some(claim.key.space()) && made + 1 < MAX_ATTEMPTS =>
            {
                StoreError::Conflict(A::reference(id))
            }
            Err(error) => match Error::from(error) {
                // A number of the earlier application, or of a counter that was set back: the next one may be
                // free.
                Error::Duplicate(unique) if unique.is_drawn() && made < MAX_ATTEMPTS => {
                    made += 1;
                    numbers = DrawnNumbers::default();
                    continue;
                }
                error => return Err(error),
            },
        };
        made += 1;
        let is_own = matches!(&conflict, StoreError::Conflict(target) if *target == A::reference(id));
        let broken = command.pinned.is_some() && is_own;
        if broken || made >= MAX_ATTEMPTS {
            return match load.load(id).await? {
                Some(current) => Err(Error::Conflict(A::current(current))),
                None => Err(Error::Unavailable { reason: conflict.to_string() }),
            };
        }
        runtime.pause.pause(backoff(made - 1, &*runtime.entropy)).await;
        if let Some(known) = &caller {
            caller = Some(known.renew().await?);
        }
    }
}

/// Commits a decision on a new aggregate.
pub(crate) async fn create<A: Aggregate, P: PolicyOf<A>, C: Authority>(
    runtime: &Runtime<P>,
    load: &dyn Load<A>,
    command: &Command<C>,
    now: DateTime<Utc>,
    decision: Decision<A>,
) -> Result<Stored<A>> {
    let step = |_| std::future::ready(Ok(Step::create(now, decision.clone())));
    drive(runtime, load, command, step).await
}

/// Loads, decides and commits; retries after a conflict while the aggregate is in the stage that the first
/// attempt saw. The decision gets the time, which is never earlier than the last write of the aggregate.
///
/// A pinned command is attempted once: its caller handles the conflict.
pub(crate) async fn change<A, P, C, F>(
    runtime: &Runtime<P>,
    load: &dyn Load<A>,
    command: &Command<C>,
    id: Id<A>,
    decide: F,
) -> Result<Stored<A>>
where
    A: Aggregate,
    P: PolicyOf<A>,
    C: Authority,
    F: Fn(A, DateTime<Utc>) -> Result<Decision<A>> + Send + Sync,
{
    let look = |_, _| std::future::ready(Ok(()));
    change_looking(runtime, load, command, id, look, |value, (), now| decide(value, now)).await
}

/// Like [`change`], for a decision that depends on more than the aggregate. Each attempt calls `look` to read
/// it, with the version that the decision replaces.
pub(crate) async fn change_looking<A, P, C, X, L, Looked, F>(
    runtime: &Runtime<P>,
    load: &dyn Load<A>,
    command: &Command<C>,
    id: Id<A>,
    look: L,
    decide: F,
) -> Result<Stored<A>>
where
    A: Aggregate,
    P: PolicyOf<A>,
    C: Authority,
    X: Send,
    L: Fn(Stored<A>, Option<C>) -> Looked + Send + Sync,
    Looked: Future<Output = Result<X>> + Send,
    F: Fn(A, X, DateTime<Utc>) -> Result<Decision<A>> + Send + Sync,
{
    let first_stage = OnceLock::new();
    drive(runtime, load, command, |caller| {
        let (first_stage, look, decide) = (&first_stage, &look, &decide);
        async move {
            let stored = load.load(id).await?.ok_or_else(|| Error::not_found(A::KIND, id))?;
            let pin_broken = command.pinned.is_some_and(|version| version != stored.version);
            let stage = stored.value.stage();
            if pin_broken || *first_stage.get_or_init(|| stored.value.stage()) != stage {
                return Err(Error::Conflict(A::current(stored)));
            }
            let seen = look(stored.clone(), caller).await?;
            // Time never goes back within an aggregate, even if the clocks of two processes differ.
            let now = runtime.clock.now().max(stored.value.updated_at());
            let decision = decide(stored.value.clone(), seen, now)?;
            Ok(Step::change(stored, now, decision))
        }
    })
    .await
}

/// A random time up to 2 ms, doubled with each attempt up to 2 s. Concurrent commands spread out instead of
/// colliding again. Twenty attempts last longer than fifty commands that run one after another, even on a
/// store whose commits take a tenth of a second.
fn backoff(attempt: u32, entropy: &dyn Entropy) -> Duration {
    let mut random = [0; 4];
    entropy.fill(&mut random);
    let most_micros = 2_000_u64 << attempt.min(10);
    Duration::from_micros(u64::from(u32::from_le_bytes(random)) % most_micros)
}
