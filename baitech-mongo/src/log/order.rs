//! The order in which waiting events get their numbers.

use std::collections::{BTreeMap, BTreeSet};

use bson::oid::ObjectId;
use bson::{Bson, Document};
use rust_decimal::prelude::ToPrimitive;

use crate::value::decimal_from_bson;

/// An event without a number: only what decides about its place. A field that cannot be read counts as
/// missing, so that the event gets a number in any case.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waiting {
    pub(super) id: Bson,
    pub(super) commit: Option<ObjectId>,
    /// The `aggregate.id` of the document.
    pub(super) subject: Bson,
    pub(super) version: u64,
    pub(super) n: u32,
}

impl From<Document> for Waiting {
    fn from(document: Document) -> Self {
        let whole = |field| document.get(field).and_then(decimal_from_bson);
        let subject = document.get_document("aggregate").ok().and_then(|subject| subject.get("id"));
        Self {
            id: document.get("_id").cloned().unwrap_or(Bson::Null),
            commit: document.get_object_id("commit").ok(),
            subject: subject.cloned().unwrap_or(Bson::Null),
            version: whole("version").and_then(|version| version.to_u64()).unwrap_or_default(),
            n: whole("n").and_then(|n| n.to_u32()).unwrap_or_default(),
        }
    }
}

/// A commit; for events of earlier versions, which do not name it, a version of a subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Commit([u8; 12]),
    Version(String, u64),
}

impl Waiting {
    /// The subject in a form that can be compared.
    pub(super) fn subject(&self) -> String {
        self.subject.to_string()
    }

    fn group(&self) -> Group {
        match self.commit {
            Some(commit) => Group::Commit(commit.bytes()),
            None => Group::Version(self.subject(), self.version),
        }
    }
}

/// Sorts events so that the events of a commit are consecutive, and those of a subject are in the order of
/// version, then `n`. Clocks play no part. Commits that do not depend on each other are in the order of their
/// ids.
pub(super) fn in_order(waiting: Vec<Waiting>) -> Vec<Waiting> {
    let mut groups: BTreeMap<Group, Vec<Waiting>> = BTreeMap::new();
    for event in waiting {
        groups.entry(event.group()).or_default().push(event);
    }
    // The groups of each subject by version: each group comes before the next one.
    let mut of_subject: BTreeMap<String, BTreeMap<u64, &Group>> = BTreeMap::new();
    for (group, events) in &groups {
        for event in events {
            of_subject.entry(event.subject()).or_default().insert(event.version, group);
        }
    }
    let mut later: BTreeMap<&Group, BTreeSet<&Group>> = BTreeMap::new();
    let mut earlier: BTreeMap<&Group, usize> = BTreeMap::new();
    for versions in of_subject.into_values() {
        for (before, after) in versions.values().zip(versions.values().skip(1)) {
            if before != after && later.entry(*before).or_default().insert(*after) {
                *earlier.entry(*after).or_default() += 1;
            }
        }
    }
    let mut ready: BTreeSet<&Group> = groups.keys().filter(|group| !earlier.contains_key(group)).collect();
    let mut order: Vec<Group> = Vec::with_capacity(groups.len());
    while let Some(group) = ready.pop_first() {
        order.push(group.clone());
        for after in later.remove(group).unwrap_or_default() {
            if let Some(left) = earlier.get_mut(after) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    earlier.remove(after);
                    ready.insert(after);
                }
            }
        }
    }
    // Real commits never depend on each other in a circle; damaged documents must not stop the log.
    let mut stuck: Vec<Group> = earlier.into_keys().cloned().collect();
    order.append(&mut stuck);
    let mut sorted = Vec::new();
    for group in order {
        let mut events = groups.remove(&group).unwrap_or_default();
        events.sort_by_cached_key(|event| (event.subject(), event.version, event.n));
        sorted.append(&mut events);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// A history of commits: for each one, the subjects that it writes.
    fn history() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let subjects = prop::collection::btree_set(0..5_u8, 1..4);
        prop::collection::vec(subjects.prop_map(|set| set.into_iter().collect()), 0..30)
    }

    fn waiting(history: &[Vec<u8>], with_commits: bool) -> Vec<Waiting> {
        let mut versions: HashMap<u8, u64> = HashMap::new();
        let mut events = Vec::new();
        for (number, subjects) in history.iter().enumerate() {
            // The ids of commits have nothing to do with their order.
            let commit = ObjectId::from_bytes([u8::try_from(number * 37 % 251).unwrap(); 12]);
            for subject in subjects {
                let version = versions.entry(*subject).or_default();
                *version += 1;
                for n in 0..2 {
                    events.push(Waiting {
                        id: ObjectId::new().into(),
                        commit: with_commits.then_some(commit),
                        subject: i32::from(*subject).into(),
                        version: *version,
                        n,
                    });
                }
            }
        }
        events
    }

    fn check(sorted: &[Waiting], expected: usize) {
        assert_eq!(sorted.len(), expected);
        let mut last: HashMap<String, (u64, u32)> = HashMap::new();
        let mut ended = BTreeSet::new();
        let mut current = None;
        for event in sorted {
            let place = (event.version, event.n);
            assert!(last.insert(event.subject(), place).is_none_or(|before| before < place));
            let group = event.group();
            if current.as_ref() != Some(&group) {
                assert!(ended.insert(group.clone()), "the events of a commit are together");
                current = Some(group);
            }
        }
    }

    proptest! {
        #[test]
        fn keeps_commits_together_and_subjects_in_order(history in history(), seed: u64, with_commits: bool) {
            let mut events = waiting(&history, with_commits);
            let count = events.len();
            fastrand::Rng::with_seed(seed).shuffle(&mut events);
            check(&in_order(events), count);
        }
    }

    #[test]
    fn a_circle_of_damaged_documents_loses_no_event() {
        let event = |commit: u8, subject: i32, version| Waiting {
            id: ObjectId::new().into(),
            commit: Some(ObjectId::from_bytes([commit; 12])),
            subject: subject.into(),
            version,
            n: 0,
        };
        let events = vec![event(1, 1, 1), event(2, 1, 2), event(2, 2, 1), event(1, 2, 2), event(3, 3, 1)];
        assert_eq!(in_order(events).len(), 5);
    }
}
