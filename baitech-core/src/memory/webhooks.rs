use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use super::state::Row;
use crate::{
    kernel::Id,
    payment::{Webhook, WebhookStatus},
};

/// The place in a list: the newest first, then by id.
pub(super) type ListKey = (Reverse<i64>, Id<Webhook>);

/// The calls of payment providers, by the moment at which they came.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    rows: HashMap<Id<Webhook>, Row<Webhook>>,
    by_time: BTreeSet<ListKey>,
}

impl Webhooks {
    pub(super) fn get(&self, id: Id<Webhook>) -> Option<&Row<Webhook>> {
        self.rows.get(&id)
    }

    pub(super) fn put(&mut self, row: Row<Webhook>) {
        let (key, id) = (list_key(&row.value), row.value.id);
        if let Some(previous) = self.rows.insert(id, row) {
            self.by_time.remove(&list_key(&previous.value));
        }
        self.by_time.insert(key);
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
