//! The log: events, their numbers, and the consumers that read them.
//!
//! A commit inserts its events with `pending: true`. Numbering replaces the mark by `seq` in one transaction
//! over the log's head, so that two processes that number at once conflict, and no lease is needed.

mod consumers;
mod document;
mod head;
mod number;
mod order;
mod parked;
mod read;
mod trim;
mod watch;

pub(crate) use consumers::{COLLECTION as CONSUMERS, applies, apply};
pub(crate) use document::encode;
pub(crate) use head::COLLECTION as HEAD;
pub(crate) use parked::COLLECTION as PARKED;
pub(crate) use watch::Watch;

pub(crate) const COLLECTION: &str = "events";
/// `true` until the event has a number, then missing.
const PENDING: &str = "pending";
/// The number of the event.
const SEQ: &str = "seq";
/// What an event concerns.
const TOPICS: &str = "topics";
