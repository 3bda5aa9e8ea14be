use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{PaymentMethod, Transaction, TransactionKind, TransactionNumber, TransactionStatus};
use crate::{
    account::User,
    catalog::BookingId,
    kernel::{Id, Money, Page, PageRequest},
    store::{Load, StoreError, Stored},
};

/// Which transactions to list. Every field that is set has to match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Paid by this user.
    pub payer: Option<Id<User>>,
    /// Paid to this user.
    pub payee: Option<Id<User>>,
    /// For this booking.
    pub booking: Option<BookingId>,
    /// Of one of these kinds; of any if empty.
    pub kinds: Vec<TransactionKind>,
    /// In one of these statuses; in any if empty.
    pub statuses: Vec<TransactionStatus>,
    /// By this method.
    pub method: Option<PaymentMethod>,
    /// Created at or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Created before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Only those that need manual review: fraud reviews, mismatched payments, unknown outcomes.
    pub flagged: bool,
}

/// The count and sum of transactions of one kind, status and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionTotal {
    /// The kind.
    pub kind: TransactionKind,
    /// The status.
    pub status: TransactionStatus,
    /// The number of transactions.
    pub count: u64,
    /// The sum of their gross amounts.
    pub gross: Money,
}

/// The earlier payments of a payer and an origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaymentHistory {
    /// Payments begun by this payer since [`attempts_since`](HistoryQuery::attempts_since).
    pub attempts: u32,
    /// Payments of this payer that failed since [`failures_since`](HistoryQuery::failures_since).
    pub failures: u32,
    /// Settled payments of this payer since [`settled_since`](HistoryQuery::settled_since) …
    pub settled: u32,
    /// … and their sum.
    pub settled_gross: Option<Money>,
    /// Other payers who paid from the same address or device since
    /// [`settled_since`](HistoryQuery::settled_since).
    pub payers_sharing_origin: u32,
}

/// A query for the earlier payments of a payer and an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The payer.
    pub payer: Id<User>,
    /// Count attempts from this moment on.
    pub attempts_since: DateTime<Utc>,
    /// Count failures from this moment on.
    pub failures_since: DateTime<Utc>,
    /// Count settled payments, and other payers, from this moment on.
    pub settled_since: DateTime<Utc>,
    /// The address from which this payment is requested.
    pub ip_address: Option<String>,
    /// The device on which it is requested.
    pub device: Option<String>,
}

/// Reads transactions.
#[async_trait]
pub trait TransactionRepository: Load<Transaction> {
    /// The transaction with this number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_transaction_by_number(
        &self,
        number: &TransactionNumber,
    ) -> Result<Option<Stored<Transaction>>, StoreError>;

    /// The transaction with this callback token.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_by_token(&self, token: &str) -> Result<Option<Stored<Transaction>>, StoreError>;

    /// The transaction with this provider reference. References are unique where they exist.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn find_by_reference(&self, reference: &str) -> Result<Option<Stored<Transaction>>, StoreError>;

    /// Lists the transactions of a filter, newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_transactions(
        &self,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>, StoreError>;

    /// Counts and sums transactions by kind, status and currency, in that order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn total_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionTotal>, StoreError>;

    /// The earlier payments of a payer: for bookings, tips, debts and wallets.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn payment_history(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError>;
}
