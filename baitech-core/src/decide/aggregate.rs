use chrono::{DateTime, Utc};

use super::{Created, Effects, SerialNumber};
use crate::{
    account::{StatsDelta, User},
    booking::{BookingPolicy, Context},
    kernel::{Id, Money, Result},
    ledger::{Account, Entry, EntryRecord, Posting},
    payment::Transaction,
    store::{Claim, ClaimKey, EventKind, Listed, Stored, Tally},
};

/// Something that is stored, versioned and changed as a whole.
pub trait Aggregate: Listed + Clone + Send + Sync + 'static {
    /// What can happen to it.
    type Event: Into<EventKind> + Clone + std::fmt::Debug + Send + Sync;
    /// What must not have changed for a command to be tried again after a conflict.
    type Stage: PartialEq + Send + Sync;

    /// Its id.
    fn id(&self) -> Id<Self>;

    /// What a retry must find as it was.
    fn stage(&self) -> Self::Stage;

    /// When it was last written.
    fn updated_at(&self) -> DateTime<Utc>;

    /// Notes when it is written.
    fn touch(&mut self, now: DateTime<Utc>);

    /// When it next wants something done by itself.
    fn due_at(&self, policy: &BookingPolicy) -> Option<DateTime<Utc>>;

    /// The transactions whose money moves with its commands, to be loaded beside it.
    fn payments(&self) -> Vec<Id<Transaction>> {
        Vec::new()
    }

    /// Its number, where its kind has one. A new aggregate gets one just before its commit, so that a refused
    /// command uses none up.
    fn serial_number(&mut self) -> Option<&mut dyn SerialNumber> {
        None
    }
}

/// What a command decides: the aggregate as it will be, and what else the same commit does.
#[derive(Debug, Clone)]
#[must_use = "a decision does nothing until it is committed"]
pub struct Decision<A: Aggregate> {
    /// The aggregate as it will be.
    pub next: A,
    /// Everything else that is committed with it.
    pub effects: Effects<A>,
}

impl<A: Aggregate> Decision<A> {
    /// A decision that changes nothing else.
    pub const fn new(next: A) -> Self {
        Self { next, effects: Effects::none() }
    }

    /// With an event.
    pub fn event(mut self, event: A::Event) -> Self {
        self.effects.events.push(event);
        self
    }

    /// With several events.
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

    /// Gives up claims of the aggregate.
    pub fn free_all(mut self, keys: impl IntoIterator<Item = ClaimKey>) -> Self {
        let holder = A::reference(self.next.id());
        self.effects.free.extend(keys.into_iter().map(|key| Claim { key, holder }));
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

    /// Puts the decision on another aggregate into the same commit, with all of its effects: over the stored
    /// one, or as a new one.
    pub fn with<B: Aggregate>(
        mut self,
        over: Option<&Stored<B>>,
        other: Decision<B>,
        context: &Context<'_>,
    ) -> Self {
        self.effects = self.effects.merge(Effects::attaching(over, other, context));
        self
    }

    /// Counts on a user, once a decision.
    pub(crate) fn count(mut self, user: Option<Id<User>>, add: StatsDelta) -> Self {
        if let Some(user) = user {
            self.effects.tallies.push(Tally { user, add });
        }
        self
    }

    /// Adds an entry to the ledger; none where nothing moves.
    pub(crate) fn post(
        mut self,
        description: &str,
        context: &Context<'_>,
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

    /// Goes on deciding on what has been decided so far, into the same commit.
    pub(crate) fn and_then(self, decide: impl FnOnce(A) -> Result<Self>) -> Result<Self> {
        let Self { next, effects } = self;
        let more = decide(next)?;
        Ok(Self { next: more.next, effects: effects.merge(more.effects) })
    }
}
