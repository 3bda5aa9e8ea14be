use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
};

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{Kept, Row, Table},
};
use crate::{
    account::{KycCase, KycCaseFilter, KycCaseRepository, KycCaseStatus},
    kernel::{Cursor, Id, Page, PageRequest},
    store::{StoreError, Stored},
};

/// The position in a list: by time of submission, then by id.
type ListKey = (i64, Id<KycCase>);

/// Identity checks by time of submission, all of them and those of each status.
#[derive(Debug, Default)]
pub(super) struct KycCases {
    rows: HashMap<Id<KycCase>, Row<KycCase>>,
    by_time: BTreeSet<ListKey>,
    by_status: HashMap<KycCaseStatus, BTreeSet<ListKey>>,
}

impl Kept for KycCase {
    type Table = KycCases;
}

impl Table<KycCase> for KycCases {
    fn get(&self, id: Id<KycCase>) -> Option<&Row<KycCase>> {
        self.rows.get(&id)
    }

    fn put(&mut self, row: Row<KycCase>) {
        let (key, status, id) = (list_key(&row.value), row.value.status, row.value.id);
        if let Some(previous) = self.rows.insert(id, row) {
            let old = list_key(&previous.value);
            self.by_time.remove(&old);
            self.by_status.entry(previous.value.status).or_default().remove(&old);
        }
        self.by_time.insert(key);
        self.by_status.entry(status).or_default().insert(key);
    }
}

impl KycCases {
    fn page(&self, filter: KycCaseFilter, after: Option<ListKey>, limit: usize) -> Vec<&Row<KycCase>> {
        let list = match filter.status {
            Some(status) => self.by_status.get(&status),
            None => Some(&self.by_time),
        };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = list.into_iter().flat_map(|list| list.range((from, Bound::Unbounded)));
        keys.filter_map(|(_, id)| self.get(*id)).take(limit).collect()
    }
}

fn list_key(case: &KycCase) -> ListKey {
    (case.submitted_at.timestamp_millis(), case.id)
}

#[async_trait]
impl KycCaseRepository for MemoryStore {
    async fn list_kyc_cases(
        &self,
        filter: KycCaseFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<KycCase>>, StoreError> {
        let after = page.cursor().map(Cursor::parts).transpose().map_err(StoreError::Cursor)?;
        let state = self.read();
        let rows = state.kyc_cases.page(filter, after, page.limit().saturating_add(1));
        let cursor = |row: &&Row<KycCase>| {
            let (millis, id) = list_key(&row.value);
            Cursor::new(millis, id)
        };
        Ok(Page::from_overfull(rows, page.limit(), cursor).map(Row::stored))
    }
}
