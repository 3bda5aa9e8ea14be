use std::{
    fmt,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use async_trait::async_trait;

use super::{commit, ledger::Place, state::State};
use crate::{
    kernel::{Currency, Kind, Money, Page, PageRequest, Pause},
    ledger::{Account, AccountLine, Entry},
    store::{
        AggregateRef, AttemptEnd, ChangeSet, Claim, ClaimKey, Claims, Commit, Committed, CounterKey,
        CounterReader, Counters, DueItem, DueWork, Fingerprint, IdempotencyKey, Lease, LedgerReader,
        SetAsideItem, StoreError,
    },
};

/// The embedded store. The [module](crate::memory) documents its guarantees.
///
/// ```
/// use std::sync::Arc;
/// use baitech_core::{memory::MemoryStore, ports::Store};
///
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
/// ```
#[derive(Default)]
pub struct MemoryStore {
    state: RwLock<State>,
    /// Notified after every commit.
    pub(super) committed: event_listener::Event,
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All entries of the ledger in commit order, for audits.
    #[must_use]
    pub fn ledger_entries(&self) -> Vec<Entry> {
        self.read().ledger.entries().to_vec()
    }

    // Code under the lock cannot panic, so even a poisoned lock guards a consistent state.

    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pause for MemoryStore {}

impl fmt::Debug for MemoryStore {
    /// Shows only counts, since stored data is personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.read();
        f.debug_struct("MemoryStore")
            .field("users", &state.users.len())
            .field("bookings", &state.bookings.len())
            .field("transactions", &state.transactions.len())
            .field("claims", &state.claims.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Commit for MemoryStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError> {
        let committed = commit::commit(&mut self.write(), changes)?;
        self.committed.notify(usize::MAX);
        Ok(committed)
    }

    async fn answered(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.read();
        let answer = state.answers.find(scope, key, fingerprint)?;
        Ok(answer.map(<[u8]>::to_vec))
    }
}

#[async_trait]
impl Claims for MemoryStore {
    async fn held(&self, keys: &[ClaimKey]) -> Result<Vec<Claim>, StoreError> {
        let state = self.read();
        let claim =
            |key: &ClaimKey| state.claims.get(key).map(|holder| Claim { key: key.clone(), holder: *holder });
        let mut held: Vec<Claim> = keys.iter().filter_map(claim).collect();
        held.sort_unstable();
        held.dedup();
        Ok(held)
    }
}

#[async_trait]
impl CounterReader for MemoryStore {
    async fn read_counters(&self, keys: &[CounterKey]) -> Result<Vec<i64>, StoreError> {
        let state = self.read();
        Ok(keys.iter().map(|key| state.counts.get(key).copied().unwrap_or_default()).collect())
    }
}

#[async_trait]
impl Counters for MemoryStore {
    async fn next(&self, series: &str) -> Result<u64, StoreError> {
        let mut state = self.write();
        let last = state.counters.entry(series.to_owned()).or_default();
        *last = last.saturating_add(1);
        Ok(*last)
    }
}

#[async_trait]
impl DueWork for MemoryStore {
    async fn claim_due(
        &self,
        kinds: &[Kind],
        lease: Lease,
        limit: usize,
    ) -> Result<Vec<DueItem>, StoreError> {
        Ok(self.write().due.claim(kinds, lease, limit))
    }

    async fn begin_due(&self, item: &DueItem, lease: Lease) -> Result<Option<DueItem>, StoreError> {
        Ok(self.write().due.begin(item, lease))
    }

    async fn end_due(&self, item: &DueItem, end: AttemptEnd) -> Result<bool, StoreError> {
        Ok(self.write().due.end(item, end))
    }

    async fn list_set_aside(&self, page: &PageRequest) -> Result<Page<SetAsideItem>, StoreError> {
        let after = page.cursor().map(SetAsideItem::place).transpose().map_err(StoreError::Cursor)?;
        let after = after.map(|(millis, target)| (std::cmp::Reverse(millis), target));
        let items = self.read().due.aside(after, page.limit().saturating_add(1));
        Ok(Page::from_overfull(items, page.limit(), SetAsideItem::cursor))
    }

    async fn find_set_aside(&self, targets: &[AggregateRef]) -> Result<Vec<SetAsideItem>, StoreError> {
        Ok(self.read().due.aside_of(targets))
    }

    async fn release_due(&self, target: AggregateRef) -> Result<bool, StoreError> {
        Ok(self.write().due.release(target))
    }
}

#[async_trait]
impl LedgerReader for MemoryStore {
    async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError> {
        Ok(self.read().ledger.balance(account, currency))
    }

    async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        Ok(self.read().ledger.balances())
    }

    async fn recount(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        Ok(self.read().ledger.recount())
    }

    async fn account_lines(
        &self,
        account: Account,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>, StoreError> {
        let after = page.cursor().map(Place::parse).transpose()?;
        let lines = self.read().ledger.lines(account, after, page.limit().saturating_add(1));
        let page = Page::from_overfull(lines, page.limit(), |(place, _)| place.cursor());
        Ok(page.map(|(_, line)| line))
    }
}
