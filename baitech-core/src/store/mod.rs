//! The ports that a store implements.
//!
//! The engine writes only through the [`Commit`] port: each commit applies one [`ChangeSet`] atomically.
//! Reads go through one small port per aggregate ([`UserRepository`](crate::account::UserRepository),
//! [`BookingRepository`](crate::booking::BookingRepository)). If you implement a store, run the contract
//! suite of `baitech_core::testing` on it.

mod bound;
mod changes;
mod claim;
mod consumer;
mod counter;
mod due;
mod edge;
mod entry;
mod error;
mod event;
mod form;
mod idempotency;
mod listed;
mod log;
mod number;
mod ports;
mod search;
mod stored;
mod topic;
mod word;

pub use crate::catalog::{AggregateRef, EventKind, Guard, SearchIndex, Tally, Write};
pub use bound::{Binding, Bound, Breach, Limit};
pub use changes::{ChangeSet, Expected, Put};
pub use claim::{Claim, ClaimKey};
pub use consumer::{
    Consumed, ConsumedStep, ConsumerCursor, ConsumerName, Consumers, ConsumingEnd, LogStart, ParkedEvent,
};
pub use counter::{CounterDelta, CounterKey, CounterName};
pub use due::{AttemptEnd, DueItem, DueWork, Lease, SetAsideItem};
pub use edge::{Edge, EdgeChange, EdgeKey, EdgeKind, EdgeValue, Revision};
pub use entry::{AccountLine, Entry, EntryRecord, Posting, UnbalancedEntry};
pub use error::StoreError;
pub(crate) use event::events;
pub use event::{Event, Subject};
pub use idempotency::{Fingerprint, Idempotency, IdempotencyKey};
pub use listed::Listed;
pub use log::{Epoch, EventLog, LogEntry, LogState, LogToken, Seq, TopicEvents, UnreadableEvent};
pub(crate) use ports::Versions;
pub use ports::{Claims, Commit, Committed, CounterReader, Counters, Edges, LedgerReader, Load};
pub use search::{
    Readers, SearchChange, SearchEntry, SearchHit, SearchKey, SearchPlace, SearchQuery, SearchReader,
    SearchScope, SearchWord, Searchable,
};
pub use stored::{Origin, Stored, Version};
pub use topic::Topic;
