use chrono::{DateTime, Utc};

use crate::{
    booking::BookingPolicy,
    kernel::{Current, Id, Kind},
    ledger::Entry,
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
    /// What will have happened to it.
    pub events: Vec<A::Event>,
    /// What will have happened to the other one.
    pub also_events: Vec<A::Event>,
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
            events: Vec::new(),
            also_events: Vec::new(),
        }
    }

    /// With something that will have happened.
    pub fn event(mut self, event: A::Event) -> Self {
        self.events.push(event);
        self
    }
}
