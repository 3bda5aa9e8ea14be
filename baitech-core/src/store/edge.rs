use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AggregateRef, CounterDelta, CounterKey, number::number, word::word};
use crate::kernel::{Code, Kind, Violation};

word! {
    /// A kind of edge: `follow`, `like`. Each feature declares its own kinds as constants.
    EdgeKind("kind")
}

word! {
    /// The value of an edge, from a closed vocabulary of its feature: `up` or `down` of a vote.
    EdgeValue("value")
}

/// The identity of an edge: at most one edge of a kind leads from one aggregate to another one.
///
/// Its text form is `like:user:65f0…:booking:65f1…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeKey {
    /// The kind.
    pub kind: EdgeKind,
    /// The aggregate at which it begins: the user who likes.
    pub from: AggregateRef,
    /// The aggregate to which it leads: the thing that is liked.
    pub to: AggregateRef,
}

impl EdgeKey {
    /// Creates the key of an edge.
    #[must_use]
    pub fn new(kind: EdgeKind, from: impl Into<AggregateRef>, to: impl Into<AggregateRef>) -> Self {
        Self { kind, from: from.into(), to: to.into() }
    }
}

impl fmt::Display for EdgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, from, to } = self;
        write!(f, "{kind}:{}:{}:{}:{}", from.kind(), from.id_text(), to.kind(), to.id_text())
    }
}

impl FromStr for EdgeKey {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let end = |kind: &str, id: &str| format!("{kind}/{id}").parse::<AggregateRef>().ok();
        let parsed = match *text.split(':').collect::<Vec<_>>() {
            [kind, from_kind, from, to_kind, to] => kind
                .parse()
                .ok()
                .and_then(|kind| Some(Self { kind, from: end(from_kind, from)?, to: end(to_kind, to)? })),
            _ => None,
        };
        parsed.ok_or_else(|| {
            let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            let message =
                format!("must be KIND:FROM:ID:TO:ID, where FROM and TO are one of {}", kinds.join(", "));
            Violation::new("edge", Code::Malformed, message)
        })
    }
}

impl Serialize for EdgeKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EdgeKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

number! {
    /// How often an edge has been put or removed. It keeps counting after a removal: put, remove and put give
    /// the revisions 1, 2 and 3.
    Revision {
        /// The revision of an edge that was never put.
        NONE
    }
}

/// What a store has under the key of an edge: a present edge, a removed one, or one that was never put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Its identity.
    pub key: EdgeKey,
    /// The value; `None` if the edge is absent.
    pub value: Option<EdgeValue>,
    /// The number of changes so far.
    pub revision: Revision,
    /// The time of the last change; `None` if the edge was never put.
    pub at: Option<DateTime<Utc>>,
}

impl Edge {
    /// An edge that was never put.
    #[must_use]
    pub const fn never_put(key: EdgeKey) -> Self {
        Self { key, value: None, revision: Revision::NONE, at: None }
    }

    /// Whether the edge is present.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// The change that puts the edge with this value; `None` if it already has the value.
    #[must_use]
    pub fn put(self, value: EdgeValue, now: DateTime<Utc>) -> Option<EdgeChange> {
        self.change(Some(value), now)
    }

    /// The change that removes the edge; `None` if it is absent.
    #[must_use]
    pub fn remove(self, now: DateTime<Utc>) -> Option<EdgeChange> {
        self.change(None, now)
    }

    fn change(self, value: Option<EdgeValue>, now: DateTime<Utc>) -> Option<EdgeChange> {
        // Time never goes back within an edge, even if the clocks of two processes differ.
        let at = self.at.map_or(now, |at| at.max(now));
        (self.value != value).then_some(EdgeChange { before: self, value, at })
    }
}

/// A change of one edge, against the state that was read. [`Edge::put`] and [`Edge::remove`] create it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeChange {
    /// The state that was read. The commit fails if the stored edge has another revision.
    pub before: Edge,
    /// The new value, which differs from the old one; `None` removes the edge.
    pub value: Option<EdgeValue>,
    /// The time of the change.
    pub at: DateTime<Utc>,
}

impl EdgeChange {
    /// The edge that is changed.
    #[must_use]
    pub const fn key(&self) -> EdgeKey {
        self.before.key
    }

    /// The revision after the change.
    #[must_use]
    pub const fn written(&self) -> Revision {
        self.before.revision.next()
    }

    /// The edge after the change.
    #[must_use]
    pub const fn after(&self) -> Edge {
        Edge { key: self.key(), value: self.value, revision: self.written(), at: Some(self.at) }
    }

    /// The deltas of the counters that count the edge: -1 for each counter of the old value, and 1 for each
    /// counter of the new value. Because the old value is checked by the commit, the counters stay equal to
    /// the number of edges.
    ///
    /// ```
    /// use baitech_core::{
    ///     account::User,
    ///     booking::Booking,
    ///     kernel::Id,
    ///     store::{CounterDelta, CounterKey, CounterName, Edge, EdgeKey, EdgeKind, EdgeValue},
    /// };
    ///
    /// const VOTE: EdgeKind = EdgeKind::new("vote");
    /// const UP: EdgeValue = EdgeValue::new("up");
    /// const DOWN: EdgeValue = EdgeValue::new("down");
    ///
    /// let (user, booking) = (Id::<User>::from_bytes([1; 12]), Id::<Booking>::from_bytes([2; 12]));
    /// let counter = |value: EdgeValue| {
    ///     let name = if value == UP { CounterName::new("upvotes") } else { CounterName::new("downvotes") };
    ///     [CounterKey::new(booking, name)]
    /// };
    /// let now = chrono::DateTime::UNIX_EPOCH;
    /// let vote = Edge::never_put(EdgeKey::new(VOTE, user, booking)).put(UP, now).unwrap();
    /// let switched = vote.after().put(DOWN, now).unwrap();
    /// let moved = switched.deltas(counter);
    /// assert!(moved.contains(&CounterDelta { key: counter(UP)[0], by: -1 }));
    /// assert!(moved.contains(&CounterDelta { key: counter(DOWN)[0], by: 1 }));
    /// assert_eq!(moved.len(), 2);
    /// ```
    #[must_use]
    pub fn deltas<I>(&self, counters_of: impl Fn(EdgeValue) -> I) -> Vec<CounterDelta>
    where
        I: IntoIterator<Item = CounterKey>,
    {
        let by = |value: Option<EdgeValue>, by| {
            value.into_iter().flat_map(&counters_of).map(move |key| CounterDelta { key, by })
        };
        CounterDelta::summed(by(self.before.value, -1).chain(by(self.value, 1)))
    }
}
