use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use chrono::{DateTime, Utc};

use super::state::{Kept, Row, Table};
use crate::{
    kernel::Id,
    payment::{Webhook, WebhookStatus},
};

/// The position in a list: newest first, then by id.
pub(super) type ListKey = (Reverse<i64>, Id<Webhook>);

/// The calls of payment providers by time of receipt.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    rows: HashMap<Id<Webhook>, Row<Webhook>>,
    by_time: BTreeSet<ListKey>,
    expiring: BTreeSet<(DateTime<Utc>, Id<Webhook>)>,
}

impl Kept for Webhook {
    type Table = Webhooks;
}

impl Table<Webhook> for Webhooks {
    fn get(&self, id: Id<Webhook>) -> Option<&Row<Webhook>> {
        self.rows.get(&id)
    }

    fn put(&mut self, row: Row<Webhook>) {
        let (key, id) = (list_key(&row.value), row.value.id);
        let expires_at = row.value.expires_at;
        if let Some(previous) = self.rows.insert(id, row) {
            self.unlist(&previous.value);
        }
        self.by_time.insert(key);
        self.expiring.extend(expires_at.map(|at| (at, id)));
    }
}

impl Webhooks {
    /// Removes up to `limit` expired calls, and returns their ids.
    pub(super) fn forget_expired(&mut self, now: DateTime<Utc>, limit: usize) -> Vec<Id<Webhook>> {
        let expired = self.expiring.iter().take_while(|(at, _)| *at <= now).take(limit);
        let expired: Vec<_> = expired.map(|(_, id)| *id).collect();
        for id in &expired {
            if let Some(row) = self.rows.remove(id) {
                self.unlist(&row.value);
            }
        }
        expired
    }

    fn unlist(&mut self, webhook: &Webhook) {
        self.by_time.remove(&list_key(webhook));
        if let Some(at) = webhook.expires_at {
            self.expiring.remove(&(at, webhook.id));
        }
    }

    pub(super) fn page(
        &self,
        statuses: &[WebhookStatus],
        after: Option<ListKey>,
        limit: usize,
    ) -> Vec<&Row<Webhook>> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let rows = self.by_time.range((from, std::ops::Bound::Unbounded)).filter_map(|(_, id)| self.get(*id));
        rows.filter(|row| statuses.is_empty() || statuses.contains(&row.value.status)).take(limit).collect()
    }
}

pub(super) fn list_key(webhook: &Webhook) -> ListKey {
    (Reverse(webhook.received_at.timestamp_millis()), webhook.id)
}
