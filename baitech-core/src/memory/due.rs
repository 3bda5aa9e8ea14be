use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use chrono::{DateTime, Utc};

use crate::{
    kernel::Kind,
    store::{AggregateRef, AttemptEnd, DueItem, Lease, SetAsideItem},
};

/// The position in the list of items that are set aside: newest first, then by kind and id.
pub(super) type AsideKey = (Reverse<i64>, AggregateRef);

/// The queue of due items: free ones, leased ones, and those that are set aside for an operator.
#[derive(Debug, Default)]
pub(super) struct DueQueue {
    entries: HashMap<AggregateRef, Entry>,
    free: BTreeMap<Kind, BTreeSet<(DateTime<Utc>, AggregateRef)>>,
    leased: BTreeSet<(DateTime<Utc>, AggregateRef)>,
    aside: BTreeSet<AsideKey>,
}

#[derive(Debug, Clone)]
struct Entry {
    due_at: DateTime<Utc>,
    attempts: u32,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Free,
    Leased { until: DateTime<Utc> },
    Aside { at: DateTime<Utc>, reason: String },
}

impl DueQueue {
    /// Sets when an aggregate is next due. Deletes its lease, attempts and set-aside state.
    pub(super) fn schedule(&mut self, target: AggregateRef, due_at: Option<DateTime<Utc>>) {
        self.remove(target);
        if let Some(due_at) = due_at {
            self.insert(target, Entry { due_at, attempts: 0, place: Place::Free });
        }
    }

    pub(super) fn claim(&mut self, kinds: &[Kind], lease: Lease, limit: usize) -> Vec<DueItem> {
        self.end_leases(lease.now);
        let leased_until = lease.until();
        let mut items = Vec::new();
        while items.len() < limit {
            let oldest = kinds.iter().filter_map(|kind| self.free.get(kind)?.first().copied()).min();
            let Some((_, target)) = oldest.filter(|(at, _)| *at <= lease.now) else { break };
            let Some(Entry { due_at, attempts, .. }) = self.remove(target) else { break };
            self.insert(target, Entry { due_at, attempts, place: Place::Leased { until: leased_until } });
            items.push(DueItem { target, due_at, leased_until, attempts });
        }
        items
    }

    pub(super) fn begin(&mut self, item: &DueItem, lease: Lease) -> Option<DueItem> {
        let Entry { due_at, attempts, .. } = self.take_leased(item)?;
        let (attempts, leased_until) = (attempts.saturating_add(1), lease.until());
        self.insert(item.target, Entry { due_at, attempts, place: Place::Leased { until: leased_until } });
        Some(DueItem { leased_until, attempts, ..*item })
    }

    pub(super) fn end(&mut self, item: &DueItem, end: AttemptEnd) -> bool {
        let Some(Entry { due_at, attempts, place }) = self.take_leased(item) else { return false };
        let (attempts, place) = match end {
            AttemptEnd::Forgotten => (0, place),
            AttemptEnd::Retry { at } => (attempts, Place::Leased { until: at }),
            AttemptEnd::SetAside { at, reason } => (attempts, Place::Aside { at, reason }),
        };
        self.insert(item.target, Entry { due_at, attempts, place });
        true
    }

    pub(super) fn release(&mut self, target: AggregateRef) -> bool {
        let is_aside = |entry: &Entry| matches!(entry.place, Place::Aside { .. });
        let Some(due_at) =
            self.entries.get(&target).filter(|entry| is_aside(entry)).map(|entry| entry.due_at)
        else {
            return false;
        };
        self.schedule(target, Some(due_at));
        true
    }

    /// Up to `limit` items that are set aside, after a position in their list.
    pub(super) fn aside(&self, after: Option<AsideKey>, limit: usize) -> Vec<SetAsideItem> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.aside.range((from, Bound::Unbounded));
        keys.filter_map(|(_, target)| self.item_aside(*target)).take(limit).collect()
    }

    /// The items among `targets` that are set aside.
    pub(super) fn aside_of(&self, targets: &[AggregateRef]) -> Vec<SetAsideItem> {
        let targets: BTreeSet<_> = targets.iter().copied().collect();
        targets.into_iter().filter_map(|target| self.item_aside(target)).collect()
    }

    fn item_aside(&self, target: AggregateRef) -> Option<SetAsideItem> {
        let Entry { due_at, attempts, place } = self.entries.get(&target)?;
        let Place::Aside { at, reason } = place else { return None };
        Some(SetAsideItem {
            target,
            reason: reason.clone(),
            attempts: *attempts,
            due_at: *due_at,
            set_aside_at: *at,
        })
    }

    /// Removes an item if it is still under the same lease.
    fn take_leased(&mut self, item: &DueItem) -> Option<Entry> {
        let entry = self.entries.get(&item.target)?;
        let is_held = matches!(entry.place, Place::Leased { until } if until == item.leased_until);
        if is_held && entry.due_at == item.due_at { self.remove(item.target) } else { None }
    }

    fn insert(&mut self, target: AggregateRef, entry: Entry) {
        match &entry.place {
            Place::Free => self.free.entry(target.kind()).or_default().insert((entry.due_at, target)),
            Place::Leased { until } => self.leased.insert((*until, target)),
            Place::Aside { at, .. } => self.aside.insert(aside_key(*at, target)),
        };
        self.entries.insert(target, entry);
    }

    fn remove(&mut self, target: AggregateRef) -> Option<Entry> {
        let entry = self.entries.remove(&target)?;
        match &entry.place {
            Place::Free => {
                self.free.get_mut(&target.kind()).is_some_and(|free| free.remove(&(entry.due_at, target)))
            }
            Place::Leased { until } => self.leased.remove(&(*until, target)),
            Place::Aside { at, .. } => self.aside.remove(&aside_key(*at, target)),
        };
        Some(entry)
    }

    /// Frees the items whose lease has expired.
    fn end_leases(&mut self, now: DateTime<Utc>) {
        while let Some((_, target)) = self.leased.first().copied().filter(|(until, _)| *until <= now) {
            let Some(entry) = self.remove(target) else { return };
            self.insert(target, Entry { place: Place::Free, ..entry });
        }
    }
}

fn aside_key(at: DateTime<Utc>, target: AggregateRef) -> AsideKey {
    (Reverse(at.timestamp_millis()), target)
}
