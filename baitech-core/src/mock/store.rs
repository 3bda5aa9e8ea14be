use async_trait::async_trait;
use mockall::mock;

use crate::{
    kernel::{Currency, Id, Money, Page, PageRequest},
    ledger::{Account, AccountLine},
    store::{
        AggregateRef, AttemptEnd, ChangeSet, Claim, ClaimKey, Claims, Commit, Committed, Counters, DueItem,
        DueWork, Event, Fingerprint, IdempotencyKey, Lease, LedgerReader, Outbox, SetAsideItem, StoreError,
    },
};

mock! {
    /// A commit port with programmed results.
    ///
    /// ```
    /// use baitech_core::{mock::MockCommit, store::{ChangeSet, Commit, Committed, StoreError}};
    ///
    /// let mut commit = MockCommit::new();
    /// commit.expect_commit().once().returning(|_| Err(StoreError::Unavailable("lost".into())));
    /// commit.expect_commit().once().returning(|_| Ok(Committed::Applied));
    /// futures::executor::block_on(async {
    ///     assert!(commit.commit(ChangeSet::new()).await.is_err());
    ///     assert_eq!(commit.commit(ChangeSet::new()).await.unwrap(), Committed::Applied);
    /// });
    /// ```
    #[derive(Debug)]
    pub Commit {}

    #[async_trait]
    impl Commit for Commit {
        async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError>;
        async fn answered(
            &self,
            scope: &str,
            key: &IdempotencyKey,
            fingerprint: Fingerprint,
        ) -> Result<Option<Vec<u8>>, StoreError>;
    }
}

mock! {
    /// A claims port with programmed holders.
    ///
    /// ```
    /// use baitech_core::{mock::MockClaims, store::{ClaimKey, Claims}};
    ///
    /// let mut claims = MockClaims::new();
    /// claims.expect_held().returning(|_| Ok(Vec::new()));
    /// let held = futures::executor::block_on(claims.held(&[ClaimKey::new("seat", 1)])).unwrap();
    /// assert!(held.is_empty());
    /// ```
    #[derive(Debug)]
    pub Claims {}

    #[async_trait]
    impl Claims for Claims {
        async fn held(&self, keys: &[ClaimKey]) -> Result<Vec<Claim>, StoreError>;
    }
}

mock! {
    /// A counters port with programmed numbers.
    ///
    /// ```
    /// use baitech_core::{mock::MockCounters, store::Counters};
    ///
    /// let mut counters = MockCounters::new();
    /// counters.expect_next().returning(|_| Ok(1_000_000));
    /// assert_eq!(futures::executor::block_on(counters.next("booking.2603")).unwrap(), 1_000_000);
    /// ```
    #[derive(Debug)]
    pub Counters {}

    #[async_trait]
    impl Counters for Counters {
        async fn next(&self, series: &str) -> Result<u64, StoreError>;
    }
}

mock! {
    /// A due-work queue with programmed items.
    ///
    /// ```
    /// use baitech_core::{mock::MockDueWork, store::{DueWork, Lease}};
    /// use chrono::{DateTime, TimeDelta};
    ///
    /// let mut due = MockDueWork::new();
    /// due.expect_claim_due().returning(|_, _| Ok(Vec::new()));
    /// let lease = Lease { now: DateTime::UNIX_EPOCH, length: TimeDelta::minutes(1) };
    /// assert!(futures::executor::block_on(due.claim_due(lease, 10)).unwrap().is_empty());
    /// ```
    #[derive(Debug)]
    pub DueWork {}

    #[async_trait]
    impl DueWork for DueWork {
        async fn claim_due(&self, lease: Lease, limit: usize) -> Result<Vec<DueItem>, StoreError>;
        async fn begin_due(&self, item: &DueItem, lease: Lease) -> Result<Option<DueItem>, StoreError>;
        async fn end_due(&self, item: &DueItem, end: AttemptEnd) -> Result<bool, StoreError>;
        async fn list_set_aside(&self, page: &PageRequest) -> Result<Page<SetAsideItem>, StoreError>;
        async fn find_set_aside(&self, targets: &[AggregateRef]) -> Result<Vec<SetAsideItem>, StoreError>;
        async fn release_due(&self, target: AggregateRef) -> Result<bool, StoreError>;
    }
}

mock! {
    /// An outbox with programmed events.
    ///
    /// ```
    /// use baitech_core::{mock::MockOutbox, store::Outbox};
    ///
    /// let mut outbox = MockOutbox::new();
    /// outbox.expect_pending_events().returning(|_| Ok(Vec::new()));
    /// assert!(futures::executor::block_on(outbox.pending_events(10)).unwrap().is_empty());
    /// ```
    #[derive(Debug)]
    pub Outbox {}

    #[async_trait]
    impl Outbox for Outbox {
        async fn pending_events(&self, limit: usize) -> Result<Vec<Event>, StoreError>;
        async fn acknowledge_events(&self, events: &[Id<Event>]) -> Result<(), StoreError>;
    }
}

mock! {
    /// A ledger reader with programmed balances.
    ///
    /// ```
    /// use baitech_core::{
    ///     kernel::{Currency, Money},
    ///     ledger::Account,
    ///     mock::MockLedgerReader,
    ///     store::LedgerReader,
    /// };
    ///
    /// let mut ledger = MockLedgerReader::new();
    /// ledger.expect_balance().returning(|_, currency| Ok(Money::from_major(5, currency)));
    /// let balance = futures::executor::block_on(ledger.balance(Account::Bank, Currency::KES)).unwrap();
    /// assert_eq!(balance, Money::from_major(5, Currency::KES));
    /// ```
    #[derive(Debug)]
    pub LedgerReader {}

    #[async_trait]
    impl LedgerReader for LedgerReader {
        async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError>;
        async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError>;
        async fn recount(&self) -> Result<Vec<(Account, Money)>, StoreError>;
        async fn account_lines(
            &self,
            account: Account,
            page: &PageRequest,
        ) -> Result<Page<AccountLine>, StoreError>;
    }
}
