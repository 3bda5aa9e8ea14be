#![expect(
    unreachable_pub,
    missing_debug_implementations,
    reason = "mockall generates a public module of expectations for each port"
)]

use async_trait::async_trait;
use mockall::mock;

use crate::{port, ports::*};

/// The mock of one port.
macro_rules! mock_port {
    ([$($doc:tt)*] $Port:ident $(: Load<$Loaded:ident>)? {
        $(fn $method:ident($($argument:tt)*) -> $Answer:ty;)+
    }) => {
        mock! {
            $($doc)*
            #[derive(Debug)]
            pub $Port {}

            $(#[async_trait]
            impl Load<$Loaded> for $Port {
                async fn load(&self, id: Id<$Loaded>) -> Result<Option<Stored<$Loaded>>, StoreError>;
            })?

            #[async_trait]
            impl $Port for $Port {
                $(async fn $method(&self, $($argument)*) -> Result<$Answer, StoreError>;)+
            }
        }
    };
}

/// One port of [`MockStore`], which passes its calls to the mock in a field.
macro_rules! pass_to {
    ($field:ident $Port:ident $(: Load<$Loaded:ident>)? {
        $(fn $method:ident($($name:ident: $Type:ty),*) -> $Answer:ty;)+
    }) => {
        $(#[async_trait]
        impl Load<$Loaded> for MockStore {
            async fn load(&self, id: Id<$Loaded>) -> Result<Option<Stored<$Loaded>>, StoreError> {
                self.$field.load(id).await
            }
        })?

        #[async_trait]
        impl $Port for MockStore {
            $(async fn $method(&self, $($name: $Type),*) -> Result<$Answer, StoreError> {
                self.$field.$method($($name),*).await
            })+
        }
    };
}

/// A mock for each port, and the store that consists of all of them.
macro_rules! mocks {
    ($($(#[$doc:meta])+ $field:ident: $Mock:ident = $Port:ident;)+) => {
        /// A complete [`Store`], built from one mock per port.
        ///
        /// ```
        /// use std::sync::Arc;
        /// use baitech_core::{mock::MockStore, ports::Store, store::Counters};
        ///
        /// let mut store = MockStore::new();
        /// store.counters.expect_next().returning(|_| Ok(7));
        /// let store: Arc<dyn Store> = Arc::new(store);
        /// assert_eq!(futures::executor::block_on(store.next("series")).unwrap(), 7);
        /// ```
        #[derive(Debug, Default)]
        #[expect(missing_docs, reason = "each field is the mock of its port")]
        pub struct MockStore {
            $(pub $field: $Mock,)+
        }

        /// The mocks, without the modules that mockall generates.
        pub(super) mod names {
            pub use super::{MockStore, $($Mock),+};
        }

        $(
            port!($Port, mock_port [$(#[$doc])+]);
            port!($Port, pass_to $field);
        )+
    };
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

mocks! {
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
    commit: MockCommit = Commit;

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
    claims: MockClaims = Claims;

    /// An edges port with programmed edges.
    ///
    /// ```
    /// use baitech_core::{
    ///     account::User, kernel::Id, mock::MockEdges, store::{Edge, EdgeKey, EdgeKind, Edges},
    /// };
    ///
    /// let mut edges = MockEdges::new();
    /// edges.expect_load_edge().returning(|key| Ok(Edge::never_put(*key)));
    /// let user = Id::<User>::from_bytes([1; 12]);
    /// let key = EdgeKey::new(EdgeKind::new("follow"), user, user);
    /// assert!(!futures::executor::block_on(edges.load_edge(&key)).unwrap().is_present());
    /// ```
    edges: MockEdges = Edges;

    /// A reader of counters with programmed values.
    ///
    /// ```
    /// use baitech_core::{mock::MockCounterReader, store::CounterReader};
    ///
    /// let mut counts = MockCounterReader::new();
    /// counts.expect_read_counters().returning(|keys| Ok(vec![7; keys.len()]));
    /// assert!(futures::executor::block_on(counts.read_counters(&[])).unwrap().is_empty());
    /// ```
    counter_reader: MockCounterReader = CounterReader;

    /// A counters port with programmed numbers.
    ///
    /// ```
    /// use baitech_core::{mock::MockCounters, store::Counters};
    ///
    /// let mut counters = MockCounters::new();
    /// counters.expect_next().returning(|_| Ok(1_000_000));
    /// assert_eq!(futures::executor::block_on(counters.next("booking.2603")).unwrap(), 1_000_000);
    /// ```
    counters: MockCounters = Counters;

    /// A due-work queue with programmed items.
    ///
    /// ```
    /// use baitech_core::{kernel::Kind, mock::MockDueWork, store::{DueWork, Lease}};
    /// use chrono::{DateTime, TimeDelta};
    ///
    /// let mut due = MockDueWork::new();
    /// due.expect_claim_due().returning(|_, _, _| Ok(Vec::new()));
    /// let lease = Lease { now: DateTime::UNIX_EPOCH, length: TimeDelta::minutes(1) };
    /// assert!(futures::executor::block_on(due.claim_due(Kind::ALL, lease, 10)).unwrap().is_empty());
    /// ```
    due_work: MockDueWork = DueWork;

    /// A log with programmed events.
    ///
    /// ```
    /// use baitech_core::{mock::MockEventLog, store::EventLog};
    ///
    /// let mut log = MockEventLog::new();
    /// log.expect_number_events().returning(|_| Ok(0));
    /// assert_eq!(futures::executor::block_on(log.number_events(10)).unwrap(), 0);
    /// ```
    log: MockEventLog = EventLog;

    /// A consumers port with programmed results.
    ///
    /// ```
    /// use baitech_core::{mock::MockConsumers, store::Consumers};
    ///
    /// let mut consumers = MockConsumers::new();
    /// consumers.expect_list_consumers().returning(|| Ok(Vec::new()));
    /// assert!(futures::executor::block_on(consumers.list_consumers()).unwrap().is_empty());
    /// ```
    consumers: MockConsumers = Consumers;

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
    ledger: MockLedgerReader = LedgerReader;

    /// A search port with programmed results.
    ///
    /// ```
    /// use baitech_core::{
    ///     kernel::{Page, PageRequest},
    ///     mock::MockSearchReader,
    ///     store::{SearchIndex, SearchQuery, SearchReader, SearchScope},
    /// };
    ///
    /// let mut search = MockSearchReader::new();
    /// search.expect_search().returning(|_, _| Ok(Page { items: Vec::new(), next_cursor: None }));
    /// let query = SearchQuery::new(SearchIndex::Users, SearchScope::All, "Wanjiku").unwrap();
    /// let found = futures::executor::block_on(search.search(&query, &PageRequest::default())).unwrap();
    /// assert!(found.items.is_empty());
    /// ```
    search: MockSearchReader = SearchReader;

    /// A user repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{account::UserRepository, kernel::Email, mock::MockUserRepository};
    ///
    /// let mut users = MockUserRepository::new();
    /// users.expect_find_by_email().returning(|_| Ok(None));
    /// let email = Email::new("amina@example.ke").unwrap();
    /// assert!(futures::executor::block_on(users.find_by_email(&email)).unwrap().is_none());
    /// ```
    users: MockUserRepository = UserRepository;

    /// A booking repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{kernel::Id, mock::MockBookingRepository, store::Load};
    ///
    /// let mut bookings = MockBookingRepository::new();
    /// bookings.expect_load().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(bookings.load(Id::from_bytes([0; 12]))).unwrap().is_none());
    /// ```
    bookings: MockBookingRepository = BookingRepository;

    /// A matching repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{
    ///     account::Category,
    ///     kernel::{Distance, GeoPoint},
    ///     matching::MatchingRepository,
    ///     mock::MockMatchingRepository,
    /// };
    ///
    /// let mut matching = MockMatchingRepository::new();
    /// matching.expect_open_requests().returning(|_, _, _| Ok(0));
    /// let near = GeoPoint::new(36.8, -1.3).unwrap();
    /// let none = matching.open_requests(Category::Hvac, near, Distance::from_kilometres(5.0));
    /// assert_eq!(futures::executor::block_on(none).unwrap(), 0);
    /// ```
    matching: MockMatchingRepository = MatchingRepository;

    /// A transaction repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{mock::MockTransactionRepository, transaction::TransactionRepository};
    ///
    /// let mut transactions = MockTransactionRepository::new();
    /// transactions.expect_find_by_token().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(transactions.find_by_token("sesame")).unwrap().is_none());
    /// ```
    transactions: MockTransactionRepository = TransactionRepository;

    /// A webhook repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{kernel::Id, mock::MockWebhookRepository, store::Load};
    ///
    /// let mut webhooks = MockWebhookRepository::new();
    /// webhooks.expect_load().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(webhooks.load(Id::from_bytes([0; 12]))).unwrap().is_none());
    /// ```
    webhooks: MockWebhookRepository = WebhookRepository;

    /// A reconciliation repository with programmed results.
    ///
    /// ```
    /// use baitech_core::{kernel::Id, mock::MockReconciliationRepository, store::Load};
    ///
    /// let mut jobs = MockReconciliationRepository::new();
    /// jobs.expect_load().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(jobs.load(Id::from_bytes([0; 12]))).unwrap().is_none());
    /// ```
    reconciliations: MockReconciliationRepository = ReconciliationRepository;

    /// A repository of identity checks with programmed results.
    ///
    /// ```
    /// use baitech_core::{kernel::Id, mock::MockKycCaseRepository, store::Load};
    ///
    /// let mut cases = MockKycCaseRepository::new();
    /// cases.expect_load().returning(|_| Ok(None));
    /// assert!(futures::executor::block_on(cases.load(Id::from_bytes([0; 12]))).unwrap().is_none());
    /// ```
    kyc_cases: MockKycCaseRepository = KycCaseRepository;
}
