//! The ports that a store implements.
//!
//! The engine writes only through the [`Commit`] port: each commit applies one [`ChangeSet`] atomically.
//! Reads go through one small port per aggregate ([`UserRepository`](crate::account::UserRepository),
//! [`BookingRepository`](crate::booking::BookingRepository)). If you implement a store, run the contract
//! suite of `baitech_core::testing` on it.

mod bound;
mod changes;
mod claim;
mod due;
mod entry;
mod error;
mod event;
mod form;
mod idempotency;
mod listed;
mod ports;
mod stored;

pub use crate::catalog::{AggregateRef, EventKind, Guard, Tally, Write};
pub use bound::{Binding, Bound, Breach, Limit};
pub use changes::{ChangeSet, Expected, Put};
pub use claim::{Claim, ClaimKey};
pub use due::{AttemptEnd, DueItem, DueWork, Lease, SetAsideItem};
pub use entry::{AccountLine, Entry, EntryRecord, Posting, UnbalancedEntry};
pub use error::StoreError;
pub use event::Event;
pub use idempotency::{Fingerprint, Idempotency, IdempotencyKey};
pub use listed::Listed;
pub(crate) use ports::Versions;
pub use ports::{Claims, Commit, Committed, Counters, LedgerReader, Load, Outbox};
pub use stored::{Origin, Stored, Version};
