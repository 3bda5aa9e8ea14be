use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    ops::{Bound, Range},
};

/// A secondary index: sorted keys in groups. A page is a range of one group, or of several merged.
#[derive(Debug)]
pub(super) struct Groups<G, K>(HashMap<G, BTreeSet<K>>);

impl<G, K> Default for Groups<G, K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<G: Eq + Hash, K: Ord + Copy> Groups<G, K> {
    pub(super) fn insert(&mut self, group: G, key: K) {
        self.0.entry(group).or_default().insert(key);
    }

    pub(super) fn remove(&mut self, group: &G, key: &K) {
        if let Some(keys) = self.0.get_mut(group) {
            keys.remove(key);
            if keys.is_empty() {
                self.0.remove(group);
            }
        }
    }

    /// Number of keys in a group.
    pub(super) fn len(&self, group: &G) -> usize {
        self.0.get(group).map_or(0, BTreeSet::len)
    }

    /// Number of keys of a group within a range.
    pub(super) fn count(&self, group: &G, range: Range<K>) -> usize {
        let inside =
            |keys: &BTreeSet<K>| if range.is_empty() { 0 } else { keys.range(range.clone()).count() };
        self.0.get(group).map_or(0, inside)
    }

    /// The keys of a group, in order.
    pub(super) fn iter(&self, group: &G) -> impl Iterator<Item = &K> {
        self.0.get(group).into_iter().flatten()
    }

    /// The first `limit` keys after `after` that pass `keep`, merged in order from all these groups.
    pub(super) fn page(
        &self,
        groups: impl IntoIterator<Item = G>,
        after: Option<K>,
        limit: usize,
        keep: impl Fn(&K) -> bool,
    ) -> Vec<K> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let sets = groups.into_iter().filter_map(|group| self.0.get(&group));
        let ranges = sets.map(|keys| keys.range((from, Bound::Unbounded)));
        let mut page: Vec<K> =
            ranges.flat_map(|range| range.filter(|key| keep(key)).take(limit).copied()).collect();
        page.sort_unstable();
        page.truncate(limit);
        page
    }
}
