use chrono::{DateTime, Utc};

use crate::{
    account::{StatsDelta, User},
    booking::{BookingPolicy, Context},
    kernel::{Current, Id, Kind, Money, Result},
    ledger::{Account, Entry, EntryRecord, Posting},
    payment::Transaction,
    store::{AggregateRef, ClaimKey, EventKind, Put, Stored, Tally, Write},
};

/// Something that is stored, versioned and changed as a whole.
pub trait Aggregate: Clone + Send + Sync + 'static {
    /// What can happen to it.
    type Event: Into<EventKind> + Clone + Send + Sync;
    /// What must not have changed for a command to be tried again after a conflict.
    type Stage: PartialEq + Send + Sync;

    /// What kind of thing it is.
    const KIND: Kind;

    /// Its arm of [`AggregateRef`].
    fn reference(id: Id<Self>) -> AggregateRef;

    /// Its arm of [`Write`].
    fn write(put: Put<Self>) -> Write;

    /// Its arm of [`Current`].
    fn current(stored: Stored<Self>) -> Current;

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
}

/// The write of another aggregate in the same commit, and what will have happened to it.
#[derive(Debug, Clone)]
pub struct Attached {
    /// The write.
    pub write: Write,
    /// What will have happened to it.
    pub events: Vec<EventKind>,
}

/// What a command decides: the aggregate as it will be, and what goes with it into the same commit.
#[derive(Debug, Clone)]
#[must_use = "a decision does nothing until it is committed"]
pub struct Decision<A: Aggregate> {
    /// The aggregate as it will be.
    pub next: A,
    /// Another new aggregate of the same kind that comes with it: the booking made from a warranty, the next of a series.
    pub also: Option<A>,
    /// Claims to take for it.
    pub take: Vec<ClaimKey>,
    /// Claims of its own to give up.
    pub free: Vec<ClaimKey>,
    /// What to count on users.
    pub tallies: Vec<Tally>,
    /// Balanced entries for the ledger.
    pub entries: Vec<Entry>,
    /// Accounts that the entries must not take below zero, besides those that are never to be.
    pub solvent: Vec<Account>,
    /// What will have happened to it.
    pub events: Vec<A::Event>,
    /// What will have happened to the other one.
    pub also_events: Vec<A::Event>,
    /// Aggregates of other kinds that are written with it.
    pub attached: Vec<Attached>,
}

impl<A: Aggregate> Decision<A> {
    /// A decision that changes nothing else.
    pub const fn new(next: A) -> Self {
        Self {
            next,
            also: None,
            take: Vec::new(),
            free: Vec::new(),
            tallies: Vec::new(),
            entries: Vec::new(),
            solvent: Vec::new(),
            events: Vec::new(),
            also_events: Vec::new(),
            attached: Vec::new(),
        }
    }

    /// With something that will have happened.
    pub fn event(mut self, event: A::Event) -> Self {
        self.events.push(event);
        self
    }

    /// Puts the decision on another aggregate into the same commit: over the stored one, or as a new one. Claims of its own are not
    /// carried along; no aggregate that is attached has any.
    pub fn with<B: Aggregate>(
        mut self,
        over: Option<&Stored<B>>,
        other: Decision<B>,
        context: &Context<'_>,
    ) -> Self {
        let Decision {
            mut next,
            also,
            take: _,
            free: _,
            tallies,
            entries,
            solvent,
            events,
            also_events,
            attached,
        } = other;
        next.touch(context.now.max(next.updated_at()));
        let due_at = next.due_at(context.policy);
        let put = match over {
            Some(stored) => Put::over(stored, next),
            None => Put::new(next),
        };
        let told = |events: Vec<B::Event>| events.into_iter().map(Into::into).collect();
        self.attached.push(Attached { write: B::write(put.due_at(due_at)), events: told(events) });
        if let Some(second) = also {
            let due_at = second.due_at(context.policy);
            let write = B::write(Put::new(second).due_at(due_at));
            self.attached.push(Attached { write, events: told(also_events) });
        }
        self.tallies.extend(tallies);
        self.entries.extend(entries);
        self.solvent.extend(solvent);
        self.attached.extend(attached);
        self
    }

    /// Counts on a user, once a decision.
    pub(crate) fn count(mut self, user: Option<Id<User>>, add: StatsDelta) -> Self {
        if let Some(user) = user {
            self.tallies.push(Tally { user, add });
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
        self.entries.push(Entry::new(EntryRecord {
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
        let Self { next, also, take, free, tallies, entries, solvent, events, also_events, attached } = self;
        let mut more = decide(next)?;
        if more.also.is_none() {
            more.also = also;
            more.also_events = also_events;
        }
        more.take.splice(0..0, take);
        more.free.splice(0..0, free);
        more.tallies.splice(0..0, tallies);
        more.entries.splice(0..0, entries);
        more.solvent.splice(0..0, solvent);
        more.events.splice(0..0, events);
        more.attached.splice(0..0, attached);
        Ok(more)
    }
}
