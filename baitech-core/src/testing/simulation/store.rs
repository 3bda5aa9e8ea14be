//! The embedded store at the end of a line that fails: commits that are lost before they are applied, and
//! answers that are lost after.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::chance::Chance;
use crate::{
    account::{Category, User, UserFilter, UserRepository},
    booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus},
    kernel::{
        Currency, Distance, Email, GeoPoint, Id, Money, Page, PageRequest, Pause, PhoneNumber, Username,
    },
    ledger::{Account, AccountLine, Entry},
    matching::{CandidateQuery, Card, MatchingRepository, Supply, SupplyQuery},
    memory::MemoryStore,
    payment::{
        HistoryQuery, PaymentHistory, Reconciliation, ReconciliationPart, ReconciliationRepository,
        Transaction, TransactionFilter, TransactionNumber, TransactionRepository, TransactionTotal, Webhook,
        WebhookRepository, WebhookStatus,
    },
    store::{
        AggregateRef, AttemptEnd, ChangeSet, Claim, ClaimKey, Claims, Commit, Committed, Counters, DueItem,
        DueWork, Event, Fingerprint, IdempotencyKey, Lease, LedgerReader, Load, Outbox, SetAsideItem,
        StoreError, Stored, Write,
    },
};

/// What every failure of this store says, so that no other is taken for one of them.
pub(super) const OUTAGE: &str = "simulated outage";

/// What one commit has changed, as far as money goes.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) bookings: Vec<Booking>,
    pub(super) transactions: Vec<Transaction>,
    pub(super) entries: Vec<Entry>,
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
        Self { bookings, transactions, entries: changes.entries.clone() }
    }
}

/// A [`MemoryStore`] that now and then does not answer, and tells the auditor what was committed.
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

    /// What was committed since the last look.
    pub(super) fn take_applied(&self) -> Vec<Applied> {
        std::mem::take(&mut *self.applied.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What comes before every answer: a pause in which the process may die, and rarely no answer at all.
    async fn reach(&self) -> Result<(), StoreError> {
        self.chance.breathe().await;
        if self.chance.fault(400) { Err(StoreError::Unavailable(OUTAGE.to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Commit for ShakyStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError> {
        self.chance.breathe().await;
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
        self.chance.breathe().await;
        Ok(committed)
    }

    async fn answered(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.reach().await?;
        self.inner.answered(scope, key, fingerprint).await
    }
}

#[async_trait]
impl Load<User> for ShakyStore {
    async fn load(&self, id: Id<User>) -> Result<Option<Stored<User>>, StoreError> {
        self.reach().await?;
        self.inner.load(id).await
    }
}

#[async_trait]
impl Load<Booking> for ShakyStore {
    async fn load(&self, id: Id<Booking>) -> Result<Option<Stored<Booking>>, StoreError> {
        self.reach().await?;
        self.inner.load(id).await
    }
}

#[async_trait]
impl Load<Transaction> for ShakyStore {
    async fn load(&self, id: Id<Transaction>) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.reach().await?;
        self.inner.load(id).await
    }
}

#[async_trait]
impl Load<Webhook> for ShakyStore {
    async fn load(&self, id: Id<Webhook>) -> Result<Option<Stored<Webhook>>, StoreError> {
        self.reach().await?;
        self.inner.load(id).await
    }
}

#[async_trait]
impl Claims for ShakyStore {
    async fn held(&self, keys: &[ClaimKey]) -> Result<Vec<Claim>, StoreError> {
        self.reach().await?;
        self.inner.held(keys).await
    }
}

#[async_trait]
impl Counters for ShakyStore {
    async fn next(&self, series: &str) -> Result<u64, StoreError> {
        self.reach().await?;
        self.inner.next(series).await
    }
}

#[async_trait]
impl DueWork for ShakyStore {
    async fn claim_due(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError> {
        self.reach().await?;
        self.inner.claim_due(lease, limit).await
    }

    async fn begin_due(&self, item: &DueItem, lease: Lease) -> Result<Option<DueItem>, StoreError> {
        self.reach().await?;
        self.inner.begin_due(item, lease).await
    }

    async fn end_due(&self, item: &DueItem, end: AttemptEnd) -> Result<bool, StoreError> {
        self.reach().await?;
        self.inner.end_due(item, end).await
    }

    async fn list_set_aside(&self, page: &PageRequest) -> Result<Page<SetAsideItem>, StoreError> {
        self.reach().await?;
        self.inner.list_set_aside(page).await
    }

    async fn find_set_aside(&self, targets: &[AggregateRef]) -> Result<Vec<SetAsideItem>, StoreError> {
        self.reach().await?;
        self.inner.find_set_aside(targets).await
    }

    async fn release_due(&self, target: AggregateRef) -> Result<bool, StoreError> {
        self.reach().await?;
        self.inner.release_due(target).await
    }
}

#[async_trait]
impl Outbox for ShakyStore {
    async fn pending_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.inner.pending_events(limit).await
    }

    async fn acknowledge_events(&self, events: &[Id<Event>]) -> Result<(), StoreError> {
        self.inner.acknowledge_events(events).await
    }
}

#[async_trait]
impl LedgerReader for ShakyStore {
    async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError> {
        self.reach().await?;
        self.inner.balance(account, currency).await
    }

    async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        self.inner.trial_balance().await
    }

    async fn recount(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        self.inner.recount().await
    }

    async fn account_lines(
        &self,
        account: Account,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>, StoreError> {
        self.inner.account_lines(account, page).await
    }
}

#[async_trait]
impl Pause for ShakyStore {
    async fn pause(&self, time: Duration) {
        self.inner.pause(time).await;
    }
}

#[async_trait]
impl UserRepository for ShakyStore {
    async fn find_by_email(&self, email: &Email) -> Result<Option<Stored<User>>, StoreError> {
        self.inner.find_by_email(email).await
    }

    async fn find_by_phone(&self, phone: &PhoneNumber) -> Result<Option<Stored<User>>, StoreError> {
        self.reach().await?;
        self.inner.find_by_phone(phone).await
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Stored<User>>, StoreError> {
        self.inner.find_by_username(username).await
    }

    async fn list_users(
        &self,
        filter: UserFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<User>>, StoreError> {
        self.inner.list_users(filter, page).await
    }
}

#[async_trait]
impl BookingRepository for ShakyStore {
    async fn find_by_number(&self, number: &BookingNumber) -> Result<Option<Stored<Booking>>, StoreError> {
        self.inner.find_by_number(number).await
    }

    async fn list_bookings(
        &self,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>, StoreError> {
        self.inner.list_bookings(filter, page).await
    }

    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError> {
        self.inner.count_by_status(filter).await
    }
}

#[async_trait]
impl MatchingRepository for ShakyStore {
    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Card>, StoreError> {
        self.reach().await?;
        self.inner.candidates(query).await
    }

    async fn supply(&self, query: &SupplyQuery) -> Result<Supply, StoreError> {
        self.inner.supply(query).await
    }

    async fn open_requests(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<u64, StoreError> {
        self.inner.open_requests(category, near, within).await
    }
}

#[async_trait]
impl TransactionRepository for ShakyStore {
    async fn find_transaction_by_number(
        &self,
        number: &TransactionNumber,
    ) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.reach().await?;
        self.inner.find_transaction_by_number(number).await
    }

    async fn find_by_token(&self, token: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.reach().await?;
        self.inner.find_by_token(token).await
    }

    async fn find_by_reference(&self, reference: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.reach().await?;
        self.inner.find_by_reference(reference).await
    }

    async fn list_transactions(
        &self,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>, StoreError> {
        self.inner.list_transactions(filter, page).await
    }

    async fn total_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionTotal>, StoreError> {
        self.inner.total_transactions(filter).await
    }

    async fn payment_history(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError> {
        self.reach().await?;
        self.inner.payment_history(query).await
    }
}

#[async_trait]
impl WebhookRepository for ShakyStore {
    async fn list_webhooks(
        &self,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>, StoreError> {
        self.inner.list_webhooks(statuses, page).await
    }

    async fn forget_expired_webhooks(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        self.reach().await?;
        self.inner.forget_expired_webhooks(now, limit).await
    }
}

#[async_trait]
impl Load<Reconciliation> for ShakyStore {
    async fn load(&self, id: Id<Reconciliation>) -> Result<Option<Stored<Reconciliation>>, StoreError> {
        self.reach().await?;
        self.inner.load(id).await
    }
}

#[async_trait]
impl ReconciliationRepository for ShakyStore {
    async fn list_reconciliations(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Stored<Reconciliation>>, StoreError> {
        self.inner.list_reconciliations(page).await
    }

    async fn put_parts(&self, parts: Vec<ReconciliationPart>) -> Result<(), StoreError> {
        self.reach().await?;
        self.inner.put_parts(parts).await
    }

    async fn load_part(&self, id: Id<ReconciliationPart>) -> Result<Option<ReconciliationPart>, StoreError> {
        self.reach().await?;
        self.inner.load_part(id).await
    }

    async fn forget_expired_parts(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        self.reach().await?;
        self.inner.forget_expired_parts(now, limit).await
    }
}
