use chrono::{DateTime, Utc};

use super::{
    Bound, Claim, Consumed, CounterDelta, EdgeChange, Entry, Event, Guard, Idempotency, Origin, SearchChange,
    Stored, Tally, Version, Write,
};

/// All changes of one decision: plain, bounded data that is committed atomically.
///
/// Not `#[non_exhaustive]`: a store destructures it without `..`, so that the compiler finds every store that
/// does not handle a new field.
///
/// A store checks in this order:
/// 0. the form of the set, independent of stored data: at most one write per aggregate; each event belongs to
///    an aggregate that the set writes, or to an edge that it changes, and has its new version or revision;
///    at most one change per edge and per search entry, and one delta per counter; each claim is taken at most once; no bounds on
///    the platform's own accounts; a step of a consumer without an answer to a request; the answer is not too
///    large → [`StoreError::Malformed`](super::StoreError::Malformed);
/// 1. `idempotency`: answered before → [`Committed::Replayed`](super::Committed::Replayed), nothing else
///    happens; another fingerprint under the key → [`StoreError::KeyReused`](super::StoreError::KeyReused);
/// 2. versions of `writes`, and `guards` → [`StoreError::Conflict`](super::StoreError::Conflict); then guards
///    on the absence of edges, and the revisions of `edges` →
///    [`StoreError::EdgeConflict`](super::StoreError::EdgeConflict); then the place of the cursor that
///    `consumed` moves → [`StoreError::CursorConflict`](super::StoreError::CursorConflict);
/// 3. `free`, then `take` → [`StoreError::Claimed`](super::StoreError::Claimed). Then the unique fields:
///    `email`, `phoneNumber` and `username` of users, `bookingNumber` of bookings, and `transactionNumber`
///    and the provider's reference of transactions → [`StoreError::Duplicate`](super::StoreError::Duplicate);
/// 4. balances: an account that `entries` lower and that holds a party's money
///    ([`is_bounded`](crate::ledger::Account::is_bounded)) must not end below zero, and `bounds` must hold →
///    [`StoreError::OutOfBounds`](super::StoreError::OutOfBounds).
#[derive(Debug, Clone, Default)]
pub struct ChangeSet {
    /// At most one write per aggregate.
    pub writes: Vec<Write>,
    /// State that the decision relies on without changing it.
    pub guards: Vec<Guard>,
    /// Claims to release. Claims of other holders and unknown claims are ignored.
    pub free: Vec<Claim>,
    /// Claims to take, after the releases. A claim that the same holder already has is fine.
    pub take: Vec<Claim>,
    /// Counts to add to aggregates that are not written in the same set.
    pub tallies: Vec<Tally>,
    /// Edges to put or remove, each at most once.
    pub edges: Vec<EdgeChange>,
    /// Amounts to add to counters, each counter at most once.
    pub counters: Vec<CounterDelta>,
    /// Entries of the search indexes to put or remove, each at most once.
    pub search: Vec<SearchChange>,
    /// Balanced entries for the ledger.
    pub entries: Vec<Entry>,
    /// Bounds that these entries must respect.
    pub bounds: Vec<Bound>,
    /// Events of aggregates that the set writes, and of edges that it changes.
    pub events: Vec<Event>,
    /// The progress of the consumer whose effects these changes are.
    pub consumed: Option<Consumed>,
    /// The answer to store for a repeated request.
    pub idempotency: Option<Idempotency>,
}

impl ChangeSet {
    /// An empty change set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a write.
    #[must_use]
    pub fn write(mut self, write: impl Into<Write>) -> Self {
        self.writes.push(write.into());
        self
    }
}

/// The state in which a write expects the stored aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It does not exist yet; it is stored with [`Version::FIRST`].
    Absent,
    /// It exists at this version; it is stored with the next one.
    At(Version),
}

impl Expected {
    /// The version after this write.
    #[must_use]
    pub const fn written(self) -> Version {
        match self {
            Self::Absent => Version::FIRST,
            Self::At(version) => version.next(),
        }
    }
}

/// The write of a whole aggregate.
#[derive(Debug, Clone)]
pub struct Put<A> {
    /// The new value, which contains its id.
    pub value: A,
    /// The expected state of the stored aggregate.
    pub expected: Expected,
    /// The origin of the replaced value.
    pub origin: Origin,
    /// When the aggregate's next task is due ([`DueWork`](super::DueWork)); `None` for never. The write
    /// replaces an earlier schedule and ends a lease.
    pub due_at: Option<DateTime<Utc>>,
}

impl<A> Put<A> {
    /// Stores a new aggregate.
    #[must_use]
    pub const fn new(value: A) -> Self {
        Self { value, expected: Expected::Absent, origin: Origin::none(), due_at: None }
    }

    /// Replaces an aggregate that was loaded.
    #[must_use]
    pub fn over<B>(previous: &Stored<B>, value: A) -> Self {
        let expected = Expected::At(previous.version);
        Self { value, expected, origin: previous.origin.clone(), due_at: None }
    }

    /// Sets when the next task is due.
    #[must_use]
    pub const fn due_at(mut self, at: Option<DateTime<Utc>>) -> Self {
        self.due_at = at;
        self
    }
}
