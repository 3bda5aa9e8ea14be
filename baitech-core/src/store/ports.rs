use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;

use super::{
    AccountLine, AggregateRef, ChangeSet, Claim, ClaimKey, CounterKey, Edge, EdgeKey, EdgeKind, Fingerprint,
    IdempotencyKey, StoreError, Stored, Version,
};
use crate::{
    catalog::Account,
    kernel::{Currency, Id, Money, Page, PageRequest},
};

/// Result of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Committed {
    /// The commit took effect.
    Applied,
    /// The idempotency key was answered before: this is that answer, and nothing changed.
    Replayed(Vec<u8>),
}

/// The only port through which the engine writes.
#[async_trait]
pub trait Commit: Send + Sync + fmt::Debug {
    /// Stores the whole set durably, or nothing of it. The checks run in the order that [`ChangeSet`]
    /// documents. A commit that has begun completes even if the returned future is dropped.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`EdgeConflict`](StoreError::EdgeConflict),
    /// [`Claimed`](StoreError::Claimed), [`Duplicate`](StoreError::Duplicate),
    /// [`KeyReused`](StoreError::KeyReused), [`Malformed`](StoreError::Malformed),
    /// [`NotPrepared`](StoreError::NotPrepared): nothing was stored. [`StoreError::Unavailable`]: the commit
    /// may or may not have taken effect.
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError>;

    /// The answer that was committed under a key; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] if the fingerprint differs; [`StoreError::Unavailable`].
    async fn answered(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Loads aggregates by their ids.
#[async_trait]
pub trait Load<A>: Send + Sync + fmt::Debug {
    /// The current state of an aggregate; `None` if it does not exist.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn load(&self, id: Id<A>) -> Result<Option<Stored<A>>, StoreError>;

    /// Loads the aggregates with these ids, without duplicates, in the order in which `ids` first names them.
    /// Ids without an aggregate are skipped. Callers pass a few hundred ids at most. A store that can read
    /// them together overrides this; by default they are loaded one by one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if one of them cannot be read, [`StoreError::Unavailable`].
    async fn load_many(&self, ids: &[Id<A>]) -> Result<Vec<Stored<A>>, StoreError>
    where
        A: Send + Sync + 'static,
    {
        let mut seen = BTreeSet::new();
        let mut found = Vec::with_capacity(ids.len());
        for id in ids.iter().filter(|id| seen.insert(id.to_bytes())) {
            found.extend(self.load(*id).await?);
        }
        Ok(found)
    }
}

/// Reads the versions of aggregates. The catalog implements it for every store that loads all kinds.
#[async_trait]
pub(crate) trait Versions: Send + Sync + fmt::Debug {
    /// The current version of an aggregate; `None` if it does not exist.
    async fn version(&self, target: AggregateRef) -> Result<Option<Version>, StoreError>;
}

/// Reads claims.
#[async_trait]
pub trait Claims: Send + Sync + fmt::Debug {
    /// The claims that exist for these keys, sorted by key, without duplicates.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn held(&self, keys: &[ClaimKey]) -> Result<Vec<Claim>, StoreError>;
}

/// Reads edges.
#[async_trait]
pub trait Edges: Send + Sync + fmt::Debug {
    /// The current state of an edge, also if it is absent.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn load_edge(&self, key: &EdgeKey) -> Result<Edge, StoreError>;

    /// The current states of several edges in one read: one for each key, in the order of the keys. Callers
    /// pass a few hundred keys at most.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn load_edges(&self, keys: &[EdgeKey]) -> Result<Vec<Edge>, StoreError>;

    /// The present edges of a kind that lead to an aggregate, by the time of their last change, newest first.
    /// Edges of the same millisecond have a fixed order.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn list_edges_to(
        &self,
        kind: EdgeKind,
        to: AggregateRef,
        page: &PageRequest,
    ) -> Result<Page<Edge>, StoreError>;

    /// The present edges of a kind that begin at an aggregate, in the order of
    /// [`list_edges_to`](Self::list_edges_to).
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn list_edges_from(
        &self,
        kind: EdgeKind,
        from: AggregateRef,
        page: &PageRequest,
    ) -> Result<Page<Edge>, StoreError>;
}

/// Reads the counters of aggregates, which commits move.
#[async_trait]
pub trait CounterReader: Send + Sync + fmt::Debug {
    /// The values of counters in one read: one for each key, in the order of the keys. A counter that was
    /// never moved is 0. Callers pass a few hundred keys at most.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn read_counters(&self, keys: &[CounterKey]) -> Result<Vec<i64>, StoreError>;
}

/// Allocates sequence numbers.
#[async_trait]
pub trait Counters: Send + Sync + fmt::Debug {
    /// The next number of a series, from 1 up. No number is returned twice; an unused number is lost.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn next(&self, series: &str) -> Result<u64, StoreError>;
}

/// Reads the ledger.
#[async_trait]
pub trait LedgerReader: Send + Sync + fmt::Debug {
    /// The sum of an account's postings in a currency; zero if it has none. The cost does not depend on the
    /// number of postings: a store keeps running sums.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError>;

    /// The balance of every account with a posting, including zero balances; sorted by account, then by
    /// currency code.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError>;

    /// Recomputes [`trial_balance`](Self::trial_balance) from all postings, for audits. It reads the whole
    /// ledger.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn recount(&self) -> Result<Vec<(Account, Money)>, StoreError>;

    /// The postings of an account, newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn account_lines(
        &self,
        account: Account,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>, StoreError>;
}
