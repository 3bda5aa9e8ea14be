//! A journal of commits, one line per commit.

use std::sync::{Mutex, PoisonError};

use baitech::store::{ChangeSet, Guard, Write};

/// The lines, in the order in which the commits were answered.
///
/// A journal that must never miss a commit, even in a crash, has to be written in the transaction of the
/// commit; this one is for inspection only.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Vec<String>>);

impl Journal {
    pub(crate) fn append(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The last few lines, the oldest first.
    pub(crate) fn last(&self, count: usize) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }
}

/// A change set as one line: ids and names, without personal data.
///
/// The set is destructured without `..`: a new part breaks the build, instead of being missing in the
/// journal.
pub(crate) fn line(changes: &ChangeSet) -> String {
    let ChangeSet {
        writes,
        guards,
        free,
        take,
        tallies,
        edges,
        counters,
        search,
        entries,
        bounds,
        events,
        consumed,
        idempotency,
    } = changes;
    let mut parts = Vec::new();
    let mut part = |verb: &str, things: Vec<String>| {
        if !things.is_empty() {
            parts.push(format!("{verb} {}", things.join(", ")));
        }
    };
    part("writes", writes.iter().map(written).collect());
    part("guards", guards.iter().map(guarded).collect());
    part("frees", free.iter().map(|claim| claim.key.to_string()).collect());
    part("takes", take.iter().map(|claim| claim.key.space().to_owned()).collect());
    part("counts on", tallies.iter().map(|tally| tally.target().to_string()).collect());
    part("changes", edges.iter().map(|change| change.key().to_string()).collect());
    part("moves", counters.iter().map(|delta| format!("{} by {}", delta.key, delta.by)).collect());
    part("indexes the texts of", search.iter().map(|change| change.key.to_string()).collect());
    part("posts", entries.iter().map(|entry| entry.description.clone()).collect());
    part("bounds", bounds.iter().map(|bound| bound.account.to_string()).collect());
    part("tells", events.iter().map(|event| event.kind.name().to_owned()).collect());
    part("moves the cursor of", consumed.iter().map(|consumed| consumed.consumer.to_string()).collect());
    part("answers", idempotency.iter().map(|request| request.scope.clone()).collect());
    parts.join("; ")
}

fn guarded(guard: &Guard) -> String {
    match guard {
        Guard::Version { target, version } => format!("{target} at {version}"),
        Guard::User { id, stamps: _ } => format!("permissions of user {id}"),
        Guard::Balance { account, min } => format!("{account} from {min}"),
        Guard::NoEdge { kind, from, to } => format!("no {kind} of {from} to {to}"),
    }
}

fn written(write: &Write) -> String {
    format!("{} at {}", write.target(), write.expected().written())
}
