use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;

use super::{ChangeSet, Claim, ClaimKey, DueWork, Event, Fingerprint, IdempotencyKey, StoreError, Stored};
use crate::{
    account::UserRepository,
    booking::BookingRepository,
    kernel::{Currency, Id, Money, Page, PageRequest, Pause},
    ledger::{Account, AccountLine},
    matching::MatchingRepository,
    payment::{ReconciliationRepository, TransactionRepository, WebhookRepository},
};

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Committed {
    /// It took effect, now.
    Applied,
    /// Its idempotency key had been answered before: this is that answer, and nothing changed.
    Replayed(Vec<u8>),
}

/// The one way in which the engine writes.
#[async_trait]
pub trait Commit: Send + Sync + fmt::Debug {
    /// Stores the whole set or nothing of it, durably, checked in the order that [`ChangeSet`] tells. A
    /// commit that has begun is finished even if the returned future is dropped.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`Claimed`](StoreError::Claimed), [`Duplicate`](StoreError::Duplicate),
    /// [`KeyReused`](StoreError::KeyReused), [`Malformed`](StoreError::Malformed),
    /// [`NotPrepared`](StoreError::NotPrepared): nothing was stored. [`StoreError::Unavailable`]: unknown.
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError>;

    /// The answer that was committed under a key, if one was.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] where the fingerprint differs; [`StoreError::Unavailable`].
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
    /// The aggregate as it is now; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn load(&self, id: Id<A>) -> Result<Option<Stored<A>>, StoreError>;

    /// Those of some aggregates that there are, each once, in the order in which `ids` names them first.
    /// Callers ask for a few hundred at most. A store that can read them together does so; by default
    /// they are loaded one by one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where one of them cannot be read, [`StoreError::Unavailable`].
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

/// Reads claims.
#[async_trait]
pub trait Claims: Send + Sync + fmt::Debug {
    /// Those of the keys that are held, sorted by key, each once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn held(&self, keys: &[ClaimKey]) -> Result<Vec<Claim>, StoreError>;
}

/// Numbers that are given out once.
#[async_trait]
pub trait Counters: Send + Sync + fmt::Debug {
    /// The next number of a series, from 1 up. Two callers never get the same; a number that its caller does
    /// not use is lost.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn next(&self, series: &str) -> Result<u64, StoreError>;
}

/// Reads the events that commits left, for the one relay that passes them on.
#[async_trait]
pub trait Outbox: Send + Sync + fmt::Debug {
    /// Up to `limit` events that nobody acknowledged yet, by time; those of one aggregate in their order. One
    /// that the store cannot read is left out and logged, and so is what came after it of the same aggregate:
    /// the others are told all the same.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn pending_events(&self, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// Takes events off the list, once every consumer has them. Unknown and acknowledged ones are ignored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then they come again.
    async fn acknowledge_events(&self, events: &[Id<Event>]) -> Result<(), StoreError>;
}

/// Reads the ledger.
#[async_trait]
pub trait LedgerReader: Send + Sync + fmt::Debug {
    /// The sum of an account's postings in a currency; zero for none. Quick however many there are: a store
    /// keeps running sums.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError>;

    /// The balance of every account that has a posting, also where it is zero; sorted by account, then by the
    /// currency's code.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError>;

    /// What [`trial_balance`](Self::trial_balance) tells, summed anew from every posting there is: for
    /// audits. It reads the whole ledger.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn recount(&self) -> Result<Vec<(Account, Money)>, StoreError>;

    /// The postings of an account, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn account_lines(
        &self,
        account: Account,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>, StoreError>;
}

/// Everything that the engine asks of a store, for `Marketplace::builder` to take in one go.
///
/// Services name only the ports that they use; nobody implements this by hand.
pub trait Store:
    Commit
    + Claims
    + Counters
    + DueWork
    + Outbox
    + LedgerReader
    + Pause
    + UserRepository
    + BookingRepository
    + MatchingRepository
    + TransactionRepository
    + WebhookRepository
    + ReconciliationRepository
{
}

impl<S> Store for S where
    S: Commit
        + Claims
        + Counters
        + DueWork
        + Outbox
        + LedgerReader
        + Pause
        + UserRepository
        + BookingRepository
        + MatchingRepository
        + TransactionRepository
        + WebhookRepository
        + ReconciliationRepository
{
}
