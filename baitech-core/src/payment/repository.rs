use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Reconciliation, ReconciliationPart, Transaction, TransactionKind, TransactionNumber, TransactionStatus,
    Webhook, WebhookStatus,
};
use crate::{
    account::User,
    booking::{Booking, PaymentMethod},
    kernel::{Id, Money, Page, PageRequest},
    store::{Load, StoreError, Stored},
};

/// Which transactions to list; everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Paid by this user.
    pub payer: Option<Id<User>>,
    /// Paid to this user.
    pub payee: Option<Id<User>>,
    /// For this booking.
    pub booking: Option<Id<Booking>>,
    /// Of one of these kinds; none for any.
    pub kinds: Vec<TransactionKind>,
    /// In one of these statuses; none for any.
    pub statuses: Vec<TransactionStatus>,
    /// By this method.
    pub method: Option<PaymentMethod>,
    /// Made at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Made before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Only those that a person has to look at: fraud reviews, wrong amounts, unknown outcomes.
    pub flagged: bool,
}

/// Counts and sums over transactions of one kind, status and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionTotal {
    /// Of which kind.
    pub kind: TransactionKind,
    /// In which status.
    pub status: TransactionStatus,
    /// How many.
    pub count: u64,
    /// The sum of their gross amounts.
    pub gross: Money,
}

/// What is known of a payer's and an origin's earlier payments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaymentHistory {
    /// Payments begun by this payer since the first moment asked about.
    pub attempts: u32,
    /// Of this payer, those that failed since the second moment.
    pub failures: u32,
    /// Settled ones of this payer since the third moment …
    pub settled: u32,
    /// … and their sum.
    pub settled_gross: Option<Money>,
    /// Other payers who paid from the same address or device since the third moment.
    pub payers_sharing_origin: u32,
}

/// What a look at the history asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Whose payments.
    pub payer: Id<User>,
    /// Attempts from then on.
    pub attempts_since: DateTime<Utc>,
    /// Failures from then on.
    pub failures_since: DateTime<Utc>,
    /// Settled payments, and other payers, from then on.
    pub settled_since: DateTime<Utc>,
    /// The address that this payment is asked for from.
    pub ip_address: Option<String>,
    /// The device that it is asked for on.
    pub device: Option<String>,
}

/// Finds transactions.
#[async_trait]
pub trait TransactionRepository: Load<Transaction> {
    /// The one with this number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_transaction_by_number(
        &self,
        number: &TransactionNumber,
    ) -> Result<Option<Stored<Transaction>>, StoreError>;

    /// The one whose provider calls back under this token.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_by_token(&self, token: &str) -> Result<Option<Stored<Transaction>>, StoreError>;

    /// The one that its provider calls so. References are unique where they exist.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_by_reference(&self, reference: &str) -> Result<Option<Stored<Transaction>>, StoreError>;

    /// Those of a filter, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_transactions(
        &self,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>, StoreError>;

    /// Counts and sums by kind, status and currency, in that order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn total_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionTotal>, StoreError>;

    /// What is known of a payer's earlier payments: those for bookings, tips, debts and wallets.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn payment_history(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError>;
}

/// Finds calls of providers.
#[async_trait]
pub trait WebhookRepository: Load<Webhook> {
    /// Calls in one of these statuses (none for any), the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_webhooks(
        &self,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>, StoreError>;

    /// Forgets up to `limit` calls whose [`expires_at`](super::WebhookRecord::expires_at) is at `now` or
    /// before, the longest expired first, and answers how many. Calls without one stay for good.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; some may be forgotten then.
    async fn forget_expired_webhooks(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError>;
}

/// Finds reconciliations, and keeps the large parts of them.
#[async_trait]
pub trait ReconciliationRepository: Load<Reconciliation> {
    /// All of them, the last submitted first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_reconciliations(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Stored<Reconciliation>>, StoreError>;

    /// Stores parts. One whose id is there already stays as it is, so that storing them again changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::NotPrepared`]; [`StoreError::Malformed`] for a part that the store cannot hold;
    /// [`StoreError::Unavailable`]: some may be stored then.
    async fn put_parts(&self, parts: Vec<ReconciliationPart>) -> Result<(), StoreError>;

    /// The part with this id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn load_part(&self, id: Id<ReconciliationPart>) -> Result<Option<ReconciliationPart>, StoreError>;

    /// Forgets up to `limit` parts that [expire](ReconciliationPart::expires_at) at `now` or before, the
    /// longest expired first, and answers how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; some may be forgotten then.
    async fn forget_expired_parts(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError>;
}
