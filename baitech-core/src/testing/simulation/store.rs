//! The embedded store behind a connection that fails: commits are lost before they are applied, and answers
//! are lost afterwards.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::chance::Chance;
use crate::{
    for_each_port,
    ledger::Entry,
    memory::MemoryStore,
    ports::*,
    store::{EdgeChange, SearchChange, Subject, Write},
};

/// The reason of every failure of this store, by which simulated failures are recognised.
pub(super) const OUTAGE: &str = "simulated outage";

/// The methods that never fail: those of the auditor, of a process that waits for events, and of lists for
/// people.
const STEADY: [&str; 18] = [
    "events_committed",
    "list_consumers",
    "trial_balance",
    "recount",
    "account_lines",
    "find_by_email",
    "find_by_username",
    "list_users",
    "find_by_number",
    "list_bookings",
    "count_by_status",
    "supply",
    "open_requests",
    "list_transactions",
    "total_transactions",
    "list_webhooks",
    "list_reconciliations",
    "search",
];

/// The effects of one commit that the auditor checks.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub(super) bookings: Vec<Booking>,
    pub(super) transactions: Vec<Transaction>,
    pub(super) entries: Vec<Entry>,
    /// The subjects of its events.
    pub(super) subjects: Vec<Subject>,
    pub(super) edges: Vec<EdgeChange>,
    pub(super) search: Vec<SearchChange>,
}

impl Applied {
    fn of(changes: &ChangeSet) -> Self {
        let (mut bookings, mut transactions) = (Vec::new(), Vec::new());
        for write in &changes.writes {
            match write {
                Write::Booking(put) => bookings.push(put.value.clone()),
                Write::Transaction(put) => transactions.push(put.value.clone()),
                _ => {}
            }
        }
        Self {
            bookings,
            transactions,
            entries: changes.entries.clone(),
            subjects: changes.events.iter().map(|event| event.subject).collect(),
            edges: changes.edges.clone(),
            search: changes.search.clone(),
        }
    }
}

/// A [`MemoryStore`] that sometimes fails, and records all commits for the auditor.
#[derive(Debug)]
pub(super) struct ShakyStore {
    pub(super) inner: MemoryStore,
    chance: Arc<Chance>,
    applied: Mutex<Vec<Applied>>,
}

impl ShakyStore {
    pub(super) fn new(chance: Arc<Chance>) -> Self {
        Self { inner: MemoryStore::new(), chance, applied: Mutex::default() }
    }

    /// Takes the commits since the last call.
    pub(super) fn take_applied(&self) -> Vec<Applied> {
        std::mem::take(&mut *self.applied.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs before each answer: a pause in which the process may crash, and rarely a failure.
    async fn reach(&self, call: &str) -> Result<(), StoreError> {
        if STEADY.contains(&call) {
            return Ok(());
        }
        self.chance.maybe_yield().await;
        if self.chance.fault(400) { Err(StoreError::Unavailable(OUTAGE.to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Commit for ShakyStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError> {
        self.chance.maybe_yield().await;
        if self.chance.fault(80) {
            return Err(StoreError::Unavailable(OUTAGE.to_owned()));
        }
        let applied = Applied::of(&changes);
        let committed = self.inner.commit(changes).await?;
        if committed == Committed::Applied {
            self.applied.lock().unwrap_or_else(PoisonError::into_inner).push(applied);
        }
        if self.chance.fault(80) {
            return Err(StoreError::Unavailable(OUTAGE.to_owned()));
        }
        self.chance.maybe_yield().await;
        Ok(committed)
    }

    async fn answered(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.reach("answered").await?;
        self.inner.answered(scope, key, fingerprint).await
    }
}

#[async_trait]
impl Pause for ShakyStore {
    async fn pause(&self, time: Duration) {
        self.inner.pause(time).await;
    }
}

macro_rules! reach_first {
    ($Port:ident $(: Load<$Loaded:ident>)? {
        $(fn $method:ident($($name:ident: $Type:ty),*) -> $Answer:ty;)+
    }) => {
        $(#[async_trait]
        impl Load<$Loaded> for ShakyStore {
            async fn load(&self, id: Id<$Loaded>) -> Result<Option<Stored<$Loaded>>, StoreError> {
                self.reach("load").await?;
                self.inner.load(id).await
            }
        })?

        #[async_trait]
        impl $Port for ShakyStore {
            $(async fn $method(&self, $($name: $Type),*) -> Result<$Answer, StoreError> {
                self.reach(stringify!($method)).await?;
                self.inner.$method($($name),*).await
            })+
        }
    };
}

for_each_port!(reach_first);
