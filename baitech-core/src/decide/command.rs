use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Aggregate, Runtime, fingerprint};
use crate::{
    kernel::{Actor, Code, Error, Id, Money, Result, Rule, Violation},
    store::{AggregateRef, Fingerprint, Guard, IdempotencyKey, Load, StoreError, Stored, Version},
};

/// The permission to give a command. The commit guards it, and every retry checks it again.
#[async_trait]
pub(crate) trait Authority: Clone + Send + Sync {
    /// The state that the permission depends on.
    fn guard(&self) -> Guard;

    /// Reads the permission again; fails if it no longer exists.
    async fn renew(&self) -> Result<Self>;
}

/// A request by a caller, with its conditions.
#[derive(Debug, Clone)]
pub(crate) struct Command<C> {
    pub(crate) actor: Actor,
    /// The version that the aggregate must still have.
    pub(crate) pinned: Option<Version>,
    /// The caller as loaded; `None` for the platform itself and for anonymous actors.
    pub(super) caller: Option<C>,
    /// The client's idempotency key, and the request that it identifies.
    pub(super) request: Option<Request>,
    pub(super) answers: Answers,
    /// A space of claims of which the command takes any that is free.
    pub(super) any_of: Option<&'static str>,
}

/// The aggregate that a command returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// The aggregate that the command changes, or the new one that it creates.
    Changed,
    /// The last aggregate of the same kind that it created in addition.
    Created,
}

impl<C> Command<C> {
    pub(crate) fn new(
        actor: &Actor,
        pinned: Option<Version>,
        key: Option<&IdempotencyKey>,
        name: &'static str,
        arguments: &impl Serialize,
    ) -> Result<Self> {
        Self::about(None, actor, pinned, key, name, arguments)
    }

    /// Creates a command that is open to anonymous callers. Their keys are scoped by the subject of the
    /// command (the address that is registered), so that two callers never collide.
    pub(crate) fn about(
        subject: Option<&str>,
        actor: &Actor,
        pinned: Option<Version>,
        key: Option<&IdempotencyKey>,
        name: &'static str,
        arguments: &impl Serialize,
    ) -> Result<Self> {
        let request = key.map(|key| Request::new(subject, actor, key, name, arguments)).transpose()?;
        Ok(Self { actor: *actor, pinned, caller: None, request, answers: Answers::Changed, any_of: None })
    }

    /// Makes the commit guard the caller's permissions as they were loaded.
    pub(crate) fn by(mut self, caller: Option<C>) -> Self {
        self.caller = caller;
        self
    }

    /// Takes any free claim of a space. If another command takes the same one first, this one is decided
    /// again.
    pub(crate) const fn taking_any_of(mut self, space: &'static str) -> Self {
        self.any_of = Some(space);
        self
    }

    /// Answers with what it creates.
    pub(crate) const fn answering(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }
}

/// A request that its client may repeat.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) scope: String,
    pub(super) key: IdempotencyKey,
    pub(super) fingerprint: Fingerprint,
    /// The fingerprint as earlier versions computed it: answers to requests that moved money are kept
    /// forever.
    first_form: Fingerprint,
}

impl Request {
    /// A request to run `name` with `arguments`, under an actor's key.
    fn new(
        subject: Option<&str>,
        actor: &Actor,
        key: &IdempotencyKey,
        name: &'static str,
        arguments: &impl Serialize,
    ) -> Result<Self> {
        let who = match (actor, subject) {
            (Actor::System, _) => "system".to_owned(),
            (Actor::User { id, .. }, _) => id.to_string(),
            (Actor::Anonymous, Some(subject)) => {
                format!("anonymous:{:?}", Fingerprint::of(subject.as_bytes()))
            }
            (Actor::Anonymous, None) => {
                return Err(Error::forbidden("only signed-in users can run this command"));
            }
        };
        Ok(Self {
            scope: format!("{who}/{name}"),
            key: key.clone(),
            fingerprint: fingerprint::canonical(arguments)?,
            first_form: fingerprint::first_form(arguments)?,
        })
    }
}

/// The answer that is stored for a repeated request: the kind and id of the returned aggregate. A repetition
/// gets the aggregate's current state.
pub(super) fn answer(target: AggregateRef) -> Vec<u8> {
    serde_json::to_vec(&target).unwrap_or_default()
}

/// A stored answer. Earlier versions did not store the kind.
#[derive(Debug, Deserialize)]
#[serde(bound = "")]
struct AnswerId<A> {
    id: Id<A>,
}

/// The earlier answer to a repeated request, if there is one.
pub(crate) async fn answered<A: Aggregate, P, C: Authority>(
    runtime: &Runtime<P>,
    load: &dyn Load<A>,
    command: &Command<C>,
) -> Result<Option<Stored<A>>> {
    let Some(Request { scope, key, fingerprint, first_form }) = &command.request else {
        return Ok(None);
    };
    let found = match runtime.commit.answered(scope, key, *fingerprint).await {
        Err(StoreError::KeyReused) => runtime.commit.answered(scope, key, *first_form).await?,
        found => found?,
    };
    match found {
        Some(answer) => replay(load, &answer).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn replay<A: Aggregate>(load: &dyn Load<A>, answer: &[u8]) -> Result<Stored<A>> {
    let unreadable = |error: serde_json::Error| Error::Corrupt {
        collection: "idempotency",
        id: format!("the stored answer about a {} is unreadable", A::KIND),
        reason: error.to_string(),
    };
    let answer: AnswerId<A> = serde_json::from_slice(answer).map_err(unreadable)?;
    load.load(answer.id).await?.ok_or_else(|| Error::not_found(A::KIND, answer.id))
}

/// The rule of all commands that cost money.
impl Rule {
    /// The price is above the caller's agreed maximum.
    pub const COSTS_MORE: Self = Self::new("costs_more");
}

/// Fails if the price is above the caller's agreed maximum, or if the maximum is in another currency.
///
/// # Errors
/// [`Rule::COSTS_MORE`] with both amounts; a violation of `agreedTotal`.
pub(crate) fn require_max_price(agreed: Option<Money>, price: Money) -> Result<()> {
    let Some(agreed) = agreed else { return Ok(()) };
    if agreed.currency() != price.currency() {
        let message = format!("the price is {price}: the agreed maximum must be in the same currency");
        return Err(Violation::new("agreedTotal", Code::Currency, message).into());
    }
    if price.exceeds(agreed)? {
        let message = format!("the price is now {price}, above the agreed maximum of {agreed}");
        return Err(Error::refused(Rule::COSTS_MORE, message));
    }
    Ok(())
}
