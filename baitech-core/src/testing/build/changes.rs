use chrono::{DateTime, TimeDelta, Utc};

use super::{id, start};
use crate::{
    kernel::{Actor, Id, Money},
    ledger::{Account, Entry, EntryRecord, Posting},
    store::{AggregateRef, Event, Fingerprint, Idempotency, IdempotencyKey, Subject, Topic, Version},
    testing::sample::sample_event,
};

/// The `n`-th event of a commit that writes the aggregate to a version.
#[must_use]
pub fn event(target: AggregateRef, version: Version, n: u32, at: DateTime<Utc>) -> Event {
    let kind = sample_event(target);
    // Each aggregate, version and n has its own id.
    let name = format!("{target} {version} {n}");
    let mut bytes = [0; 12];
    bytes.copy_from_slice(&Fingerprint::of(name.as_bytes()).to_bytes()[..12]);
    let subject = Subject::Aggregate { aggregate: target, version };
    Event {
        id: Id::from_bytes(bytes),
        subject,
        n,
        actor: Actor::System,
        at,
        topics: vec![Topic(target)],
        kind,
    }
}

/// An entry that moves an amount from one account to another.
#[must_use]
pub fn entry(n: u64, cause: AggregateRef, from: Account, to: Account, amount: Money) -> Entry {
    let postings = vec![Posting { account: from, amount: amount.negated() }, Posting { account: to, amount }];
    let description = "test".to_owned();
    Entry::new(EntryRecord { id: id(n), cause, description, at: start(), postings })
        .expect("a balanced entry")
}

/// The record of a request in the scope `test`, kept for a day after [`start`].
#[must_use]
pub fn idempotency(key: &str, request: &str, answer: &str) -> Idempotency {
    Idempotency {
        scope: "test".to_owned(),
        key: IdempotencyKey::new(key).expect("a key"),
        fingerprint: Fingerprint::of(request.as_bytes()),
        answer: answer.as_bytes().to_vec(),
        expires_at: Some(start() + TimeDelta::days(1)),
    }
}
