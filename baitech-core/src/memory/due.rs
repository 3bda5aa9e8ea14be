use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::store::{AggregateRef, DueItem, Lease};

/// What is due when: the items that anybody may take, and those under a lease.
#[derive(Debug, Default)]
pub(super) struct DueQueue {
    entries: HashMap<AggregateRef, Entry>,
    free: BTreeSet<(DateTime<Utc>, AggregateRef)>,
    leased: BTreeSet<(DateTime<Utc>, AggregateRef)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    due_at: DateTime<Utc>,
    leased_until: Option<DateTime<Utc>>,
}

impl DueQueue {
    /// Says when an aggregate is next due, and ends a lease on it.
    pub(super) fn schedule(&mut self, target: AggregateRef, due_at: Option<DateTime<Utc>>) {
        if let Some(entry) = self.entries.remove(&target) {
            match entry.leased_until {
                Some(until) => self.leased.remove(&(until, target)),
                None => self.free.remove(&(entry.due_at, target)),
            };
        }
        if let Some(due_at) = due_at {
            self.entries.insert(target, Entry { due_at, leased_until: None });
            self.free.insert((due_at, target));
        }
    }

    pub(super) fn claim(&mut self, lease: Lease, limit: usize) -> Vec<DueItem> {
        self.end_leases(lease.now);
        let until = lease.until();
        let mut items = Vec::new();
        while items.len() < limit {
            let Some((due_at, target)) = self.free.first().copied().filter(|(at, _)| *at <= lease.now) else {
                break;
            };
            self.free.pop_first();
            self.leased.insert((until, target));
            self.entries.insert(target, Entry { due_at, leased_until: Some(until) });
            items.push(DueItem { target, due_at });
        }
        items
    }

    /// Makes items free again whose lease has run out.
    fn end_leases(&mut self, now: DateTime<Utc>) {
        while let Some((until, target)) = self.leased.first().copied().filter(|(until, _)| *until <= now) {
            self.leased.remove(&(until, target));
            if let Some(entry) = self.entries.get_mut(&target) {
                entry.leased_until = None;
                self.free.insert((entry.due_at, target));
            }
        }
    }
}
