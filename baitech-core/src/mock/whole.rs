use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    MockBookingRepository, MockClaims, MockCommit, MockCounters, MockDueWork, MockLedgerReader,
    MockMatchingRepository, MockOutbox, MockReconciliationRepository, MockTransactionRepository,
    MockUserRepository, MockWebhookRepository,
};
use crate::{
    account::{Category, User, UserFilter, UserRepository},
    booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus},
    kernel::{
        Currency, Distance, Email, GeoPoint, Id, Money, Page, PageRequest, Pause, PhoneNumber, Username,
    },
    ledger::{Account, AccountLine},
    matching::{CandidateQuery, Card, MatchingRepository, Supply, SupplyQuery},
    payment::{
        HistoryQuery, PaymentHistory, Reconciliation, ReconciliationPart, ReconciliationRepository,
        Transaction, TransactionFilter, TransactionNumber, TransactionRepository, TransactionTotal, Webhook,
        WebhookRepository, WebhookStatus,
    },
    store::{
        AggregateRef, AttemptEnd, ChangeSet, Claim, ClaimKey, Claims, Commit, Committed, Counters, DueItem,
        DueWork, Event, Fingerprint, IdempotencyKey, Lease, LedgerReader, Load, Outbox, SetAsideItem,
        StoreError, Stored,
    },
};

/// A complete [`Store`](crate::store::Store), built from one mock per port.
///
/// ```
/// use std::sync::Arc;
/// use baitech_core::{mock::MockStore, store::{Counters, Store}};
///
/// let mut store = MockStore::new();
/// store.counters.expect_next().returning(|_| Ok(7));
/// let store: Arc<dyn Store> = Arc::new(store);
/// assert_eq!(futures::executor::block_on(store.next("series")).unwrap(), 7);
/// ```
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the types say it")]
pub struct MockStore {
    pub commit: MockCommit,
    pub claims: MockClaims,
    pub counters: MockCounters,
    pub due_work: MockDueWork,
    pub outbox: MockOutbox,
    pub ledger: MockLedgerReader,
    pub users: MockUserRepository,
    pub bookings: MockBookingRepository,
    pub matching: MockMatchingRepository,
    pub transactions: MockTransactionRepository,
    pub webhooks: MockWebhookRepository,
    pub reconciliations: MockReconciliationRepository,
}

impl MockStore {
    /// A store without expectations: every call panics.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

// Retries do not wait.
impl Pause for MockStore {}

#[async_trait]
impl Commit for MockStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError> {
        self.commit.commit(changes).await
    }

    async fn answered(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.commit.answered(scope, key, fingerprint).await
    }
}

#[async_trait]
impl Claims for MockStore {
    async fn held(&self, keys: &[ClaimKey]) -> Result<Vec<Claim>, StoreError> {
        self.claims.held(keys).await
    }
}

#[async_trait]
impl Counters for MockStore {
    async fn next(&self, series: &str) -> Result<u64, StoreError> {
        self.counters.next(series).await
    }
}

#[async_trait]
impl DueWork for MockStore {
    async fn claim_due(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError> {
        self.due_work.claim_due(lease, limit).await
    }

    async fn begin_due(&self, item: &DueItem, lease: Lease) -> Result<Option<DueItem>, StoreError> {
        self.due_work.begin_due(item, lease).await
    }

    async fn end_due(&self, item: &DueItem, end: AttemptEnd) -> Result<bool, StoreError> {
        self.due_work.end_due(item, end).await
    }

    async fn list_set_aside(&self, page: &PageRequest) -> Result<Page<SetAsideItem>, StoreError> {
        self.due_work.list_set_aside(page).await
    }

    async fn find_set_aside(&self, targets: &[AggregateRef]) -> Result<Vec<SetAsideItem>, StoreError> {
        self.due_work.find_set_aside(targets).await
    }

    async fn release_due(&self, target: AggregateRef) -> Result<bool, StoreError> {
        self.due_work.release_due(target).await
    }
}

#[async_trait]
impl Outbox for MockStore {
    async fn pending_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.outbox.pending_events(limit).await
    }

    async fn acknowledge_events(&self, events: &[Id<Event>]) -> Result<(), StoreError> {
        self.outbox.acknowledge_events(events).await
    }
}

#[async_trait]
impl LedgerReader for MockStore {
    async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError> {
        self.ledger.balance(account, currency).await
    }

    async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        self.ledger.trial_balance().await
    }

    async fn recount(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        self.ledger.recount().await
    }

    async fn account_lines(
        &self,
        account: Account,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>, StoreError> {
        self.ledger.account_lines(account, page).await
    }
}

#[async_trait]
impl Load<User> for MockStore {
    async fn load(&self, id: Id<User>) -> Result<Option<Stored<User>>, StoreError> {
        self.users.load(id).await
    }
}

#[async_trait]
impl Load<Booking> for MockStore {
    async fn load(&self, id: Id<Booking>) -> Result<Option<Stored<Booking>>, StoreError> {
        self.bookings.load(id).await
    }
}

#[async_trait]
impl UserRepository for MockStore {
    async fn find_by_email(&self, email: &Email) -> Result<Option<Stored<User>>, StoreError> {
        self.users.find_by_email(email).await
    }

    async fn find_by_phone(&self, phone: &PhoneNumber) -> Result<Option<Stored<User>>, StoreError> {
        self.users.find_by_phone(phone).await
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Stored<User>>, StoreError> {
        self.users.find_by_username(username).await
    }

    async fn list_users(
        &self,
        filter: UserFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<User>>, StoreError> {
        self.users.list_users(filter, page).await
    }
}

#[async_trait]
impl BookingRepository for MockStore {
    async fn find_by_number(&self, number: &BookingNumber) -> Result<Option<Stored<Booking>>, StoreError> {
        self.bookings.find_by_number(number).await
    }

    async fn list_bookings(
        &self,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>, StoreError> {
        self.bookings.list_bookings(filter, page).await
    }

    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError> {
        self.bookings.count_by_status(filter).await
    }
}

#[async_trait]
impl MatchingRepository for MockStore {
    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Card>, StoreError> {
        self.matching.candidates(query).await
    }

    async fn supply(&self, query: &SupplyQuery) -> Result<Supply, StoreError> {
        self.matching.supply(query).await
    }

    async fn open_requests(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<u64, StoreError> {
        self.matching.open_requests(category, near, within).await
    }
}

#[async_trait]
impl Load<Transaction> for MockStore {
    async fn load(&self, id: Id<Transaction>) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.transactions.load(id).await
    }
}

#[async_trait]
impl Load<Webhook> for MockStore {
    async fn load(&self, id: Id<Webhook>) -> Result<Option<Stored<Webhook>>, StoreError> {
        self.webhooks.load(id).await
    }
}

#[async_trait]
impl TransactionRepository for MockStore {
    async fn find_transaction_by_number(
        &self,
        number: &TransactionNumber,
    ) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.transactions.find_transaction_by_number(number).await
    }

    async fn find_by_token(&self, token: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.transactions.find_by_token(token).await
    }

    async fn find_by_reference(&self, reference: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.transactions.find_by_reference(reference).await
    }

    async fn list_transactions(
        &self,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>, StoreError> {
        self.transactions.list_transactions(filter, page).await
    }

    async fn total_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionTotal>, StoreError> {
        self.transactions.total_transactions(filter).await
    }

    async fn payment_history(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError> {
        self.transactions.payment_history(query).await
    }
}

#[async_trait]
impl WebhookRepository for MockStore {
    async fn list_webhooks(
        &self,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>, StoreError> {
        self.webhooks.list_webhooks(statuses, page).await
    }

    async fn forget_expired_webhooks(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        self.webhooks.forget_expired_webhooks(now, limit).await
    }
}

#[async_trait]
impl Load<Reconciliation> for MockStore {
    async fn load(&self, id: Id<Reconciliation>) -> Result<Option<Stored<Reconciliation>>, StoreError> {
        self.reconciliations.load(id).await
    }
}

#[async_trait]
impl ReconciliationRepository for MockStore {
    async fn list_reconciliations(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Stored<Reconciliation>>, StoreError> {
        self.reconciliations.list_reconciliations(page).await
    }

    async fn put_parts(&self, parts: Vec<ReconciliationPart>) -> Result<(), StoreError> {
        self.reconciliations.put_parts(parts).await
    }

    async fn load_part(&self, id: Id<ReconciliationPart>) -> Result<Option<ReconciliationPart>, StoreError> {
        self.reconciliations.load_part(id).await
    }

    async fn forget_expired_parts(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        self.reconciliations.forget_expired_parts(now, limit).await
    }
}
