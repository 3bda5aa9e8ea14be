//! Every port that the engine needs of a store.

use std::time::Duration;

use async_trait::async_trait;
use baitech::{
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
        DueWork, Event, Fingerprint, IdempotencyKey, Lease, LedgerReader, Load, Outbox, SetAsideItem, Store,
        StoreError, Stored,
    },
};
use chrono::{DateTime, Utc};

use crate::{Observed, journal};

/// The only write operation: all or nothing.
#[async_trait]
impl<S: Store> Commit for Observed<S> {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError> {
        let line = journal::line(&changes);
        let committed = self.meter.count("commit", self.inner.commit(changes)).await?;
        // A replayed answer changed nothing, so the journal omits it.
        if committed == Committed::Applied {
            self.journal.append(line);
        }
        Ok(committed)
    }

    async fn answered(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.meter.count("answered", self.inner.answered(scope, key, fingerprint)).await
    }
}

#[async_trait]
impl<S: Store> Load<User> for Observed<S> {
    async fn load(&self, id: Id<User>) -> Result<Option<Stored<User>>, StoreError> {
        self.meter.count("load user", self.inner.load(id)).await
    }

    async fn load_many(&self, ids: &[Id<User>]) -> Result<Vec<Stored<User>>, StoreError> {
        let name = "load_many(users)";
        self.meter.count(name, Load::<User>::load_many(&self.inner, ids)).await
    }
}

#[async_trait]
impl<S: Store> Load<Booking> for Observed<S> {
    async fn load(&self, id: Id<Booking>) -> Result<Option<Stored<Booking>>, StoreError> {
        self.meter.count("load booking", self.inner.load(id)).await
    }

    async fn load_many(&self, ids: &[Id<Booking>]) -> Result<Vec<Stored<Booking>>, StoreError> {
        let name = "load_many(bookings)";
        self.meter.count(name, Load::<Booking>::load_many(&self.inner, ids)).await
    }
}

#[async_trait]
impl<S: Store> Load<Transaction> for Observed<S> {
    async fn load(&self, id: Id<Transaction>) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.meter.count("load transaction", self.inner.load(id)).await
    }

    async fn load_many(&self, ids: &[Id<Transaction>]) -> Result<Vec<Stored<Transaction>>, StoreError> {
        let name = "load_many(transactions)";
        self.meter.count(name, Load::<Transaction>::load_many(&self.inner, ids)).await
    }
}

#[async_trait]
impl<S: Store> Load<Webhook> for Observed<S> {
    async fn load(&self, id: Id<Webhook>) -> Result<Option<Stored<Webhook>>, StoreError> {
        self.meter.count("load webhook", self.inner.load(id)).await
    }

    async fn load_many(&self, ids: &[Id<Webhook>]) -> Result<Vec<Stored<Webhook>>, StoreError> {
        let name = "load_many(webhooks)";
        self.meter.count(name, Load::<Webhook>::load_many(&self.inner, ids)).await
    }
}

#[async_trait]
impl<S: Store> Load<Reconciliation> for Observed<S> {
    async fn load(&self, id: Id<Reconciliation>) -> Result<Option<Stored<Reconciliation>>, StoreError> {
        self.meter.count("load reconciliation", self.inner.load(id)).await
    }
}

#[async_trait]
impl<S: Store> Claims for Observed<S> {
    async fn held(&self, keys: &[ClaimKey]) -> Result<Vec<Claim>, StoreError> {
        self.meter.count("held", self.inner.held(keys)).await
    }
}

#[async_trait]
impl<S: Store> Counters for Observed<S> {
    async fn next(&self, series: &str) -> Result<u64, StoreError> {
        self.meter.count("next", self.inner.next(series)).await
    }
}

#[async_trait]
impl<S: Store> DueWork for Observed<S> {
    async fn claim_due(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError> {
        self.meter.count("claim_due", self.inner.claim_due(lease, limit)).await
    }

    async fn begin_due(&self, item: &DueItem, lease: Lease) -> Result<Option<DueItem>, StoreError> {
        self.meter.count("begin_due", self.inner.begin_due(item, lease)).await
    }

    async fn end_due(&self, item: &DueItem, end: AttemptEnd) -> Result<bool, StoreError> {
        self.meter.count("end_due", self.inner.end_due(item, end)).await
    }

    async fn list_set_aside(&self, page: &PageRequest) -> Result<Page<SetAsideItem>, StoreError> {
        self.meter.count("list_set_aside", self.inner.list_set_aside(page)).await
    }

    async fn find_set_aside(&self, targets: &[AggregateRef]) -> Result<Vec<SetAsideItem>, StoreError> {
        self.meter.count("find_set_aside", self.inner.find_set_aside(targets)).await
    }

    async fn release_due(&self, target: AggregateRef) -> Result<bool, StoreError> {
        self.meter.count("release_due", self.inner.release_due(target)).await
    }
}

#[async_trait]
impl<S: Store> Outbox for Observed<S> {
    async fn pending_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.meter.count("pending_events", self.inner.pending_events(limit)).await
    }

    async fn acknowledge_events(&self, events: &[Id<Event>]) -> Result<(), StoreError> {
        self.meter.count("acknowledge_events", self.inner.acknowledge_events(events)).await
    }
}

#[async_trait]
impl<S: Store> LedgerReader for Observed<S> {
    async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError> {
        self.meter.count("balance", self.inner.balance(account, currency)).await
    }

    async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        self.meter.count("trial_balance", self.inner.trial_balance()).await
    }

    async fn recount(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        self.meter.count("recount", self.inner.recount()).await
    }

    async fn account_lines(
        &self,
        account: Account,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>, StoreError> {
        self.meter.count("account_lines", self.inner.account_lines(account, page)).await
    }
}

/// The store implements the engine's pauses between attempts, since only it knows its runtime.
#[async_trait]
impl<S: Store> Pause for Observed<S> {
    async fn pause(&self, time: Duration) {
        self.inner.pause(time).await;
    }
}

#[async_trait]
impl<S: Store> UserRepository for Observed<S> {
    async fn find_by_email(&self, email: &Email) -> Result<Option<Stored<User>>, StoreError> {
        self.meter.count("find_by_email", self.inner.find_by_email(email)).await
    }

    async fn find_by_phone(&self, phone: &PhoneNumber) -> Result<Option<Stored<User>>, StoreError> {
        self.meter.count("find_by_phone", self.inner.find_by_phone(phone)).await
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Stored<User>>, StoreError> {
        self.meter.count("find_by_username", self.inner.find_by_username(username)).await
    }

    async fn list_users(
        &self,
        filter: UserFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<User>>, StoreError> {
        self.meter.count("list_users", self.inner.list_users(filter, page)).await
    }
}

#[async_trait]
impl<S: Store> BookingRepository for Observed<S> {
    async fn find_by_number(&self, number: &BookingNumber) -> Result<Option<Stored<Booking>>, StoreError> {
        self.meter.count("find_by_number", self.inner.find_by_number(number)).await
    }

    async fn list_bookings(
        &self,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>, StoreError> {
        self.meter.count("list_bookings", self.inner.list_bookings(filter, page)).await
    }

    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError> {
        self.meter.count("count_by_status", self.inner.count_by_status(filter)).await
    }
}

#[async_trait]
impl<S: Store> TransactionRepository for Observed<S> {
    async fn find_transaction_by_number(
        &self,
        number: &TransactionNumber,
    ) -> Result<Option<Stored<Transaction>>, StoreError> {
        let found = self.inner.find_transaction_by_number(number);
        self.meter.count("find_transaction_by_number", found).await
    }

    async fn find_by_token(&self, token: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.meter.count("find_by_token", self.inner.find_by_token(token)).await
    }

    async fn find_by_reference(&self, reference: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.meter.count("find_by_reference", self.inner.find_by_reference(reference)).await
    }

    async fn list_transactions(
        &self,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>, StoreError> {
        self.meter.count("list_transactions", self.inner.list_transactions(filter, page)).await
    }

    async fn total_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionTotal>, StoreError> {
        self.meter.count("total_transactions", self.inner.total_transactions(filter)).await
    }

    async fn payment_history(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError> {
        self.meter.count("payment_history", self.inner.payment_history(query)).await
    }
}

#[async_trait]
impl<S: Store> WebhookRepository for Observed<S> {
    async fn list_webhooks(
        &self,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>, StoreError> {
        self.meter.count("list_webhooks", self.inner.list_webhooks(statuses, page)).await
    }

    async fn forget_expired_webhooks(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        let forgotten = self.inner.forget_expired_webhooks(now, limit);
        self.meter.count("forget_expired_webhooks", forgotten).await
    }
}

#[async_trait]
impl<S: Store> ReconciliationRepository for Observed<S> {
    async fn list_reconciliations(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Stored<Reconciliation>>, StoreError> {
        self.meter.count("list_reconciliations", self.inner.list_reconciliations(page)).await
    }

    async fn put_parts(&self, parts: Vec<ReconciliationPart>) -> Result<(), StoreError> {
        self.meter.count("put_parts", self.inner.put_parts(parts)).await
    }

    async fn load_part(&self, id: Id<ReconciliationPart>) -> Result<Option<ReconciliationPart>, StoreError> {
        self.meter.count("load_part", self.inner.load_part(id)).await
    }

    async fn forget_expired_parts(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        self.meter.count("forget_expired_parts", self.inner.forget_expired_parts(now, limit)).await
    }
}

#[async_trait]
impl<S: Store> MatchingRepository for Observed<S> {
    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Card>, StoreError> {
        self.meter.count("candidates", self.inner.candidates(query)).await
    }

    async fn supply(&self, query: &SupplyQuery) -> Result<Supply, StoreError> {
        self.meter.count("supply", self.inner.supply(query)).await
    }

    async fn open_requests(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<u64, StoreError> {
        self.meter.count("open_requests", self.inner.open_requests(category, near, within)).await
    }
}
