use chrono::{DateTime, Utc};

use super::{Bound, Claim, Event, Guard, Idempotency, Origin, Stored, Tally, Version, Write};
use crate::ledger::Entry;

/// Everything that one decision changes: plain, bounded data, committed all or nothing.
///
/// Not `#[non_exhaustive]`: a store destructures it without `..`, so that a part added here cannot be
/// forgotten there.
///
/// The order in which a store checks:
/// 0. the form, whatever is stored: at most one write an aggregate, each event of an aggregate that the set
///    writes and with the version that it gets, one taker a claim, no bounds on the platform's own accounts,
///    the answer's size → [`StoreError::Malformed`](super::StoreError::Malformed);
/// 1. `idempotency`: answered before → [`Committed::Replayed`](super::Committed::Replayed), nothing else
///    happens; another fingerprint under the key → [`StoreError::KeyReused`](super::StoreError::KeyReused);
/// 2. versions of `writes`, and `guards` → [`StoreError::Conflict`](super::StoreError::Conflict);
/// 3. `free`, then `take` → [`StoreError::Claimed`](super::StoreError::Claimed); and then the unique fields,
///    which are `email`, `phoneNumber` and `username` of users, `bookingNumber` of bookings, and
///    `transactionNumber` and the provider's reference of transactions →
///    [`StoreError::Duplicate`](super::StoreError::Duplicate);
/// 4. balances: an account that `entries` lower and that holds something for somebody
///    ([`is_bounded`](crate::ledger::Account::is_bounded)) must not end below zero, and `bounds` must hold →
///    [`StoreError::OutOfBounds`](super::StoreError::OutOfBounds).
#[derive(Debug, Clone, Default)]
pub struct ChangeSet {
    /// At most one write an aggregate.
    pub writes: Vec<Write>,
    /// What the decision was based on without changing it.
    pub guards: Vec<Guard>,
    /// Claims to give up; one that somebody else holds, or nobody, is left alone.
    pub free: Vec<Claim>,
    /// Claims to take, after the frees. One that the same holder has already is fine.
    pub take: Vec<Claim>,
    /// What to count on users that are not written in the same set.
    pub tallies: Vec<Tally>,
    /// Balanced entries for the ledger.
    pub entries: Vec<Entry>,
    /// Limits that these entries must keep.
    pub bounds: Vec<Bound>,
    /// Events of aggregates that are written in the same set.
    pub events: Vec<Event>,
    /// The answer to keep for a repeated request.
    pub idempotency: Option<Idempotency>,
}

impl ChangeSet {
    /// A set that changes nothing yet.
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

/// What an aggregate must be in the store for the write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Not there yet; it is stored with [`Version::FIRST`].
    Absent,
    /// There, at this version; it is stored with the next one.
    At(Version),
}

impl Expected {
    /// The version after the write.
    #[must_use]
    pub const fn written(self) -> Version {
        match self {
            Self::Absent => Version::FIRST,
            Self::At(version) => version.next(),
        }
    }
}

/// An aggregate to be stored whole.
#[derive(Debug, Clone)]
pub struct Put<A> {
    /// The new value; it knows its id.
    pub value: A,
    /// What must be there now.
    pub expected: Expected,
    /// The origin of the value that this one replaces.
    pub origin: Origin,
    /// When this aggregate next wants something done by itself ([`DueWork`](super::DueWork)); `None` for
    /// never. Replaces what was scheduled before, and ends a lease.
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

    /// With the time of the next due work.
    #[must_use]
    pub const fn due_at(mut self, at: Option<DateTime<Utc>>) -> Self {
        self.due_at = at;
        self
    }
}
