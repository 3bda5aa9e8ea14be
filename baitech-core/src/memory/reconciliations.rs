use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    ops::Bound,
};

use chrono::{DateTime, Utc};

use super::state::{Kept, Row, Table};
use crate::{
    kernel::Id,
    payment::{Reconciliation, ReconciliationPart},
};

/// The position in a list: newest first, then by id.
pub(super) type ListKey = (Reverse<i64>, Id<Reconciliation>);

/// Reconciliations by time of submission, and their large parts.
#[derive(Debug, Default)]
pub(super) struct Reconciliations {
    rows: HashMap<Id<Reconciliation>, Row<Reconciliation>>,
    by_time: BTreeSet<ListKey>,
    parts: HashMap<Id<ReconciliationPart>, ReconciliationPart>,
    expiring: BTreeSet<(DateTime<Utc>, Id<ReconciliationPart>)>,
}

impl Kept for Reconciliation {
    type Table = Reconciliations;
}

impl Table<Reconciliation> for Reconciliations {
    fn get(&self, id: Id<Reconciliation>) -> Option<&Row<Reconciliation>> {
        self.rows.get(&id)
    }

    fn put(&mut self, row: Row<Reconciliation>) {
        let (key, id) = (list_key(&row.value), row.value.id);
        if let Some(previous) = self.rows.insert(id, row) {
            self.by_time.remove(&list_key(&previous.value));
        }
        self.by_time.insert(key);
    }
}

impl Reconciliations {
    pub(super) fn page(&self, after: Option<ListKey>, limit: usize) -> Vec<&Row<Reconciliation>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.by_time.range((from, Bound::Unbounded));
        keys.filter_map(|(_, id)| self.get(*id)).take(limit).collect()
    }

    pub(super) fn part(&self, id: Id<ReconciliationPart>) -> Option<&ReconciliationPart> {
        self.parts.get(&id)
    }

    pub(super) fn put_part(&mut self, part: ReconciliationPart) {
        let key = (part.expires_at, part.id);
        if let std::collections::hash_map::Entry::Vacant(vacant) = self.parts.entry(part.id) {
            vacant.insert(part);
            self.expiring.insert(key);
        }
    }

    /// Removes up to `limit` expired parts, and returns their number.
    pub(super) fn forget_expired(&mut self, now: DateTime<Utc>, limit: usize) -> usize {
        let expired = self.expiring.iter().take_while(|(at, _)| *at <= now).take(limit);
        let expired: Vec<_> = expired.copied().collect();
        for key in &expired {
            self.expiring.remove(key);
            self.parts.remove(&key.1);
        }
        expired.len()
    }
}

pub(super) fn list_key(job: &Reconciliation) -> ListKey {
    (Reverse(job.submitted_at.timestamp_millis()), job.id)
}
