use chrono::{DateTime, Utc};

use super::{Context, Created, EdgeEffect, Effects, SerialNumber};
use crate::{
    catalog::Account,
    kernel::{Id, Money, Result},
    store::{
        AggregateRef, Claim, ClaimKey, CounterDelta, EdgeChange, Entry, EntryRecord, EventKind, Listed,
        Posting, Searchable, Stored,
    },
};

/// A value that is stored, versioned and changed as a whole.
pub trait Aggregate: Listed + Clone + Send + Sync + 'static {
    /// The events of the aggregate.
    type Event: Into<EventKind> + Clone + std::fmt::Debug + Send + Sync;
    /// The part of the state that must be unchanged for a command to be retried after a conflict.
    type Stage: PartialEq + Send + Sync;
    /// The rules and limits that decisions on the aggregate follow.
    type Policy;

    /// Whether an aggregate of this kind moves money, at once or later. Answers of commands that create or
    /// change one are kept forever.
    const MOVES_MONEY: bool = false;

    /// Its id.
    fn id(&self) -> Id<Self>;

    /// The current stage, which must be unchanged when a command is retried.
    fn stage(&self) -> Self::Stage;

    /// When it was last written.
    fn updated_at(&self) -> DateTime<Utc>;

    /// Sets the time of the last write.
    fn touch(&mut self, now: DateTime<Utc>);

    /// When its next task is due.
    fn due_at(&self, policy: &Self::Policy) -> Option<DateTime<Utc>>;

    /// Its number, where its kind has one. A new aggregate gets one just before its commit, so that a refused
    /// command uses none up.
    fn serial_number(&mut self) -> Option<&mut dyn SerialNumber> {
        None
    }

    /// The users who take part in it, and other aggregates that it belongs to. Events of the aggregate have
    /// their topics too, so that one who follows a user or a booking learns of them.
    fn participants(&self) -> Vec<AggregateRef> {
        Vec::new()
    }

    /// The texts by which a search finds it; `None` if it cannot be found. The commit of a change of these
    /// texts, or of who may find it, changes the entry of the search index too.
    fn searchable(&self) -> Option<Searchable<'_>> {
        None
    }
}

/// The result of a command: the new state of the aggregate, and all other changes of the same commit.
#[derive(Debug, Clone)]
#[must_use = "a decision has no effect until it is committed"]
pub struct Decision<A: Aggregate> {
    /// The new state of the aggregate.
    pub next: A,
    /// All other changes of the same commit.
    pub effects: Effects<A>,
}

impl<A: Aggregate> Decision<A> {
    /// A decision without other changes.
    pub const fn new(next: A) -> Self {
        Self { next, effects: Effects::none() }
    }

    /// Adds an event.
    pub fn event(mut self, event: A::Event) -> Self {
        self.effects.events.push(event);
        self
    }

    /// Adds several events.
    pub fn events(mut self, events: impl IntoIterator<Item = A::Event>) -> Self {
        self.effects.events.extend(events);
        self
    }

    /// Takes claims for the aggregate.
    pub fn take_all(mut self, keys: impl IntoIterator<Item = ClaimKey>) -> Self {
        let holder = A::reference(self.next.id());
        self.effects.take.extend(keys.into_iter().map(|key| Claim { key, holder }));
        self
    }

    /// Releases claims of the aggregate.
    pub fn free_all(mut self, keys: impl IntoIterator<Item = ClaimKey>) -> Self {
        let holder = A::reference(self.next.id());
        self.effects.free.extend(keys.into_iter().map(|key| Claim { key, holder }));
        self
    }

    /// Puts or removes an edge in the same commit, with the events of the edge.
    /// [`Edge::put`](crate::store::Edge::put) and [`Edge::remove`](crate::store::Edge::remove) return no
    /// change if there is nothing to do; then no event is emitted either.
    pub fn edge(
        mut self,
        change: Option<EdgeChange>,
        events: impl IntoIterator<Item = impl Into<EventKind>>,
    ) -> Self {
        if let Some(change) = change {
            let events = events.into_iter().map(Into::into).collect();
            self.effects.edges.push(EdgeEffect { change, events });
        }
        self
    }

    /// Moves counters in the same commit. [`EdgeChange::deltas`] computes the deltas of an edge.
    pub fn count_by(mut self, deltas: impl IntoIterator<Item = CounterDelta>) -> Self {
        self.effects.counters.extend(deltas);
        self
    }

    /// Creates another aggregate of the same kind in the same commit.
    pub fn create(mut self, other: Self) -> Self {
        let Self { next, mut effects } = other;
        let events = std::mem::take(&mut effects.events);
        self.effects.created.push(Created { value: next, events });
        self.effects = self.effects.merge(effects);
        self
    }

    /// Adds the decision on another aggregate, with all of its effects, to the same commit. It replaces the
    /// stored aggregate, or creates a new one.
    pub fn with<B: Aggregate, I>(
        mut self,
        over: Option<&Stored<B>>,
        other: Decision<B>,
        context: &Context<'_, B::Policy, I>,
    ) -> Self {
        self.effects = self.effects.merge(Effects::attaching(over, other, context));
        self
    }

    /// Adds an entry to the ledger, unless all its amounts are zero.
    pub(crate) fn post<P, I>(
        mut self,
        description: &str,
        context: &Context<'_, P, I>,
        postings: impl IntoIterator<Item = (Account, Money)>,
    ) -> Result<Self> {
        let postings: Vec<_> =
            postings.into_iter().map(|(account, amount)| Posting { account, amount }).collect();
        if postings.iter().all(|posting| posting.amount.is_zero()) {
            return Ok(self);
        }
        self.effects.entries.push(Entry::new(EntryRecord {
            id: context.id(),
            cause: A::reference(self.next.id()),
            description: description.to_owned(),
            at: context.now,
            postings,
        })?);
        Ok(self)
    }

    /// Applies a further decision to the new state, in the same commit.
    pub(crate) fn and_then(self, decide: impl FnOnce(A) -> Result<Self>) -> Result<Self> {
        let Self { next, effects } = self;
        let more = decide(next)?;
        Ok(Self { next: more.next, effects: effects.merge(more.effects) })
    }
}
