//! Every port of a store with its methods, listed once, and all types that they name.
//!
//! [`for_each_port!`](crate::for_each_port) is for stores that pass their calls on to another store and add
//! something to each of them: a count, a delay, a log line.
//!
//! ```
//! use std::{future::Future, time::Duration};
//!
//! use async_trait::async_trait;
//! use baitech_core::{for_each_port, memory::MemoryStore, ports::*};
//!
//! /// A store that fails while it is switched off.
//! #[derive(Debug, Default)]
//! struct Switched {
//!     inner: MemoryStore,
//!     is_off: bool,
//! }
//!
//! impl Switched {
//!     async fn pass<T>(
//!         &self,
//!         answer: impl Future<Output = Result<T, StoreError>>,
//!     ) -> Result<T, StoreError> {
//!         if self.is_off { Err(StoreError::Unavailable("switched off".into())) } else { answer.await }
//!     }
//! }
//!
//! macro_rules! pass {
//!     ($Port:ident $(: Load<$Loaded:ident>)? {
//!         $(fn $method:ident($($name:ident: $Type:ty),*) -> $Answer:ty;)+
//!     }) => {
//!         $(#[async_trait]
//!         impl Load<$Loaded> for Switched {
//!             async fn load(&self, id: Id<$Loaded>) -> Result<Option<Stored<$Loaded>>, StoreError> {
//!                 self.pass(self.inner.load(id)).await
//!             }
//!         })?
//!
//!         #[async_trait]
//!         impl $Port for Switched {
//!             $(async fn $method(&self, $($name: $Type),*) -> Result<$Answer, StoreError> {
//!                 self.pass(self.inner.$method($($name),*)).await
//!             })+
//!         }
//!     };
//! }
//!
//! for_each_port!(pass);
//!
//! let store = Switched { is_off: true, ..Switched::default() };
//! assert!(futures::executor::block_on(store.next("series")).is_err());
//! ```

pub use chrono::{DateTime, Utc};

pub use crate::{
    account::{Category, KycCase, KycCaseFilter, KycCaseRepository, User, UserFilter, UserRepository},
    booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus},
    kernel::{
        Currency, Distance, Email, GeoPoint, Id, Kind, Money, Page, PageRequest, Pause, PhoneNumber, Username,
    },
    ledger::{Account, AccountLine},
    matching::{CandidateQuery, Card, MatchingRepository, Supply, SupplyQuery, WorkingHours},
    payment::{
        Reconciliation, ReconciliationPart, ReconciliationRepository, Webhook, WebhookRepository,
        WebhookStatus,
    },
    store::{
        AggregateRef, AttemptEnd, ChangeSet, Claim, ClaimKey, Claims, Commit, Committed, ConsumerCursor,
        ConsumerName, Consumers, ConsumingEnd, CounterKey, CounterReader, Counters, DueItem, DueWork, Edge,
        EdgeKey, EdgeKind, Edges, EventLog, Fingerprint, IdempotencyKey, Lease, LedgerReader, Load, LogEntry,
        LogStart, LogState, LogToken, ParkedEvent, SearchHit, SearchQuery, SearchReader, Seq, SetAsideItem,
        StoreError, Stored, Topic, TopicEvents,
    },
    transaction::{
        HistoryQuery, PaymentHistory, Transaction, TransactionFilter, TransactionNumber,
        TransactionRepository, TransactionTotal,
    },
};

/// All ports of a store together, as `Marketplace::builder` takes them.
///
/// Services use only the individual ports. The trait is implemented for every type that implements all of
/// them.
pub trait Store:
    Commit
    + Claims
    + Edges
    + CounterReader
    + Counters
    + DueWork
    + EventLog
    + Consumers
    + LedgerReader
    + SearchReader
    + Pause
    + UserRepository
    + BookingRepository
    + MatchingRepository
    + TransactionRepository
    + WebhookRepository
    + ReconciliationRepository
    + KycCaseRepository
{
}

impl<S> Store for S where
    S: Commit
        + Claims
        + Edges
        + CounterReader
        + Counters
        + DueWork
        + EventLog
        + Consumers
        + LedgerReader
        + SearchReader
        + Pause
        + UserRepository
        + BookingRepository
        + MatchingRepository
        + TransactionRepository
        + WebhookRepository
        + ReconciliationRepository
        + KycCaseRepository
{
}

/// Calls a macro for each port of a store, except [`Commit`] and [`Pause`]: a store that adds something to
/// another one usually writes these two by hand. Tokens after the macro's name are passed before the port.
///
/// The macro gets what [`port!`](crate::port) passes. See [`ports`](crate::ports) for an example.
#[macro_export]
macro_rules! for_each_port {
    ($callback:ident $($context:tt)*) => {
        $crate::port!(Claims, $callback $($context)*);
        $crate::port!(Edges, $callback $($context)*);
        $crate::port!(CounterReader, $callback $($context)*);
        $crate::port!(Counters, $callback $($context)*);
        $crate::port!(DueWork, $callback $($context)*);
        $crate::port!(EventLog, $callback $($context)*);
        $crate::port!(Consumers, $callback $($context)*);
        $crate::port!(LedgerReader, $callback $($context)*);
        $crate::port!(SearchReader, $callback $($context)*);
        $crate::port!(UserRepository, $callback $($context)*);
        $crate::port!(BookingRepository, $callback $($context)*);
        $crate::port!(MatchingRepository, $callback $($context)*);
        $crate::port!(TransactionRepository, $callback $($context)*);
        $crate::port!(WebhookRepository, $callback $($context)*);
        $crate::port!(ReconciliationRepository, $callback $($context)*);
        $crate::port!(KycCaseRepository, $callback $($context)*);
    };
}

/// Calls a macro with one port: its name, the aggregate that it also loads by id, and its methods. Each
/// method takes `&self` and returns a `Result` with this answer or a [`StoreError`]. [`ports`](crate::ports)
/// exports all types.
#[macro_export]
macro_rules! port {
    (Commit, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* Commit {
            fn commit(changes: ChangeSet) -> Committed;
            fn answered(scope: &str, key: &IdempotencyKey, fingerprint: Fingerprint) -> Option<Vec<u8>>;
        } }
    };
    (Claims, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* Claims {
            fn held(keys: &[ClaimKey]) -> Vec<Claim>;
        } }
    };
    (Edges, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* Edges {
            fn load_edge(key: &EdgeKey) -> Edge;
            fn load_edges(keys: &[EdgeKey]) -> Vec<Edge>;
            fn list_edges_to(kind: EdgeKind, to: AggregateRef, page: &PageRequest) -> Page<Edge>;
            fn list_edges_from(kind: EdgeKind, from: AggregateRef, page: &PageRequest) -> Page<Edge>;
        } }
    };
    (CounterReader, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* CounterReader {
            fn read_counters(keys: &[CounterKey]) -> Vec<i64>;
        } }
    };
    (Counters, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* Counters {
            fn next(series: &str) -> u64;
        } }
    };
    (DueWork, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* DueWork {
            fn claim_due(kinds: &[Kind], lease: Lease, limit: usize) -> Vec<DueItem>;
            fn begin_due(item: &DueItem, lease: Lease) -> Option<DueItem>;
            fn end_due(item: &DueItem, end: AttemptEnd) -> bool;
            fn list_set_aside(page: &PageRequest) -> Page<SetAsideItem>;
            fn find_set_aside(targets: &[AggregateRef]) -> Vec<SetAsideItem>;
            fn release_due(target: AggregateRef) -> bool;
        } }
    };
    (EventLog, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* EventLog {
            fn number_events(limit: usize) -> usize;
            fn log_state() -> LogState;
            fn read_log(after: LogToken, limit: usize) -> Vec<LogEntry>;
            fn read_topic(topic: Topic, after: LogToken, limit: usize) -> TopicEvents;
            fn restart_log() -> LogState;
            fn trim_log(before: DateTime<Utc>, limit: usize) -> usize;
            fn events_committed() -> ();
        } }
    };
    (Consumers, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* Consumers {
            fn open_consumer(consumer: ConsumerName, start: LogStart) -> ConsumerCursor;
            fn begin_consuming(consumer: ConsumerName, lease: Lease) -> Option<ConsumerCursor>;
            fn end_consuming(cursor: &ConsumerCursor, end: ConsumingEnd) -> bool;
            fn list_consumers() -> Vec<ConsumerCursor>;
            fn remove_consumer(consumer: ConsumerName) -> bool;
            fn list_parked(page: &PageRequest) -> Page<ParkedEvent>;
            fn retry_parked(consumer: ConsumerName, seq: Seq) -> bool;
            fn take_parked(consumer: ConsumerName) -> Option<ParkedEvent>;
        } }
    };
    (LedgerReader, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* LedgerReader {
            fn balance(account: Account, currency: Currency) -> Money;
            fn trial_balance() -> Vec<(Account, Money)>;
            fn recount() -> Vec<(Account, Money)>;
            fn account_lines(account: Account, page: &PageRequest) -> Page<AccountLine>;
        } }
    };
    (SearchReader, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* SearchReader {
            fn search(query: &SearchQuery, page: &PageRequest) -> Page<SearchHit>;
        } }
    };
    (UserRepository, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* UserRepository: Load<User> {
            fn find_by_email(email: &Email) -> Option<Stored<User>>;
            fn find_by_phone(phone: &PhoneNumber) -> Option<Stored<User>>;
            fn find_by_username(username: &Username) -> Option<Stored<User>>;
            fn list_users(filter: UserFilter, page: &PageRequest) -> Page<Stored<User>>;
        } }
    };
    (BookingRepository, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* BookingRepository: Load<Booking> {
            fn find_by_number(number: &BookingNumber) -> Option<Stored<Booking>>;
            fn list_bookings(filter: &BookingFilter, page: &PageRequest) -> Page<Stored<Booking>>;
            fn count_by_status(filter: &BookingFilter) -> Vec<(BookingStatus, u64)>;
        } }
    };
    (MatchingRepository, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* MatchingRepository {
            fn candidates(query: &CandidateQuery) -> Vec<Card>;
            fn working_hours(technicians: &[Id<User>]) -> Vec<(Id<User>, WorkingHours)>;
            fn supply(query: &SupplyQuery) -> Supply;
            fn open_requests(category: Category, near: GeoPoint, within: Distance) -> u64;
        } }
    };
    (TransactionRepository, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* TransactionRepository: Load<Transaction> {
            fn find_transaction_by_number(number: &TransactionNumber) -> Option<Stored<Transaction>>;
            fn find_by_token(token: &str) -> Option<Stored<Transaction>>;
            fn find_by_reference(reference: &str) -> Option<Stored<Transaction>>;
            fn list_transactions(filter: &TransactionFilter, page: &PageRequest) -> Page<Stored<Transaction>>;
            fn total_transactions(filter: &TransactionFilter) -> Vec<TransactionTotal>;
            fn payment_history(query: &HistoryQuery) -> PaymentHistory;
        } }
    };
    (WebhookRepository, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* WebhookRepository: Load<Webhook> {
            fn list_webhooks(statuses: &[WebhookStatus], page: &PageRequest) -> Page<Stored<Webhook>>;
            fn forget_expired_webhooks(now: DateTime<Utc>, limit: usize) -> usize;
        } }
    };
    (ReconciliationRepository, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* ReconciliationRepository: Load<Reconciliation> {
            fn list_reconciliations(page: &PageRequest) -> Page<Stored<Reconciliation>>;
            fn put_parts(parts: Vec<ReconciliationPart>) -> ();
            fn load_part(id: Id<ReconciliationPart>) -> Option<ReconciliationPart>;
            fn forget_expired_parts(now: DateTime<Utc>, limit: usize) -> usize;
        } }
    };
    (KycCaseRepository, $callback:ident $($context:tt)*) => {
        $callback! { $($context)* KycCaseRepository: Load<KycCase> {
            fn list_kyc_cases(filter: KycCaseFilter, page: &PageRequest) -> Page<Stored<KycCase>>;
        } }
    };
}
