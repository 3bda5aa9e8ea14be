use std::{collections::BTreeMap, fmt};

use super::{AggregateRef, word::word};

word! {
    /// The name of a counter: `likes`. Each feature declares its own names as constants.
    CounterName("counter")
}

/// A counter of an aggregate. It is not a part of the aggregate's value: moving it changes neither the
/// version nor the time of the last write, and writing the aggregate does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey {
    /// The aggregate that is counted on.
    pub of: AggregateRef,
    /// Its name.
    pub name: CounterName,
}

impl CounterKey {
    /// Creates the key of a counter.
    #[must_use]
    pub fn new(of: impl Into<AggregateRef>, name: CounterName) -> Self {
        Self { of: of.into(), name }
    }
}

/// The text form, which is unique: `booking:65f1…:likes`.
impl fmt::Display for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.of.kind(), self.of.id_text(), self.name)
    }
}

/// An amount that a commit adds to a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterDelta {
    /// The counter.
    pub key: CounterKey,
    /// The amount, which may be negative.
    pub by: i64,
}

impl CounterDelta {
    /// One delta for each counter, sorted by counter, without zero deltas.
    #[must_use]
    pub fn summed(deltas: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut sums: BTreeMap<CounterKey, i64> = BTreeMap::new();
        for Self { key, by } in deltas {
            let sum = sums.entry(key).or_default();
            *sum = sum.saturating_add(by);
        }
        sums.into_iter().filter(|(_, by)| *by != 0).map(|(key, by)| Self { key, by }).collect()
    }
}
