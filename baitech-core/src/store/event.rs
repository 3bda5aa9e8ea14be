use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AggregateRef, EdgeKey, EventKind, Revision, Version};
use crate::kernel::{Actor, Id};

/// A domain event for consumers. It carries ids, never personal data.
///
/// Events of a subject are ordered by (version or revision, `n`), and their times never decrease. Each is
/// delivered at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The event's id; consumers ignore ids that they have seen.
    pub id: Id<Event>,
    /// What the event happened to, after the event.
    #[serde(flatten)]
    pub subject: Subject,
    /// The position among the events of the same subject in a commit.
    pub n: u32,
    /// The actor who caused it.
    pub actor: Actor,
    /// The time of the event.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// The aggregate to which the event happened; `None` for an event of an edge.
    #[must_use]
    pub const fn aggregate(&self) -> Option<AggregateRef> {
        match self.subject {
            Subject::Aggregate { aggregate, version: _ } => Some(aggregate),
            Subject::Edge { .. } => None,
        }
    }
}

/// What an event happened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// An aggregate.
    Aggregate {
        /// The aggregate.
        aggregate: AggregateRef,
        /// Its version after the event.
        version: Version,
    },
    /// An edge.
    Edge {
        /// The edge.
        edge: EdgeKey,
        /// Its revision after the event.
        revision: Revision,
    },
}

impl Subject {
    /// The version or revision after the event.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Aggregate { aggregate: _, version } => version.get(),
            Self::Edge { edge: _, revision } => revision.get(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate { aggregate, version } => write!(f, "{aggregate} at version {version}"),
            Self::Edge { edge, revision } => write!(f, "edge {edge} at revision {revision}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::Id,
        store::EdgeKind,
        testing::build::{event, start},
    };

    #[test]
    fn an_event_of_an_aggregate_keeps_its_form_on_the_wire() {
        let target = AggregateRef::User(Id::from_bytes([7; 12]));
        let event = event(target, Version::new(3), 1, start());
        let wire = serde_json::to_value(&event).unwrap();
        assert_eq!(wire["aggregate"], serde_json::json!({ "kind": "user", "id": target.id_text() }));
        assert_eq!((&wire["version"], &wire["n"]), (&3.into(), &1.into()));
        assert_eq!(serde_json::from_value::<Event>(wire).unwrap(), event);
    }

    #[test]
    fn an_event_of_an_edge_is_read_as_written() {
        let end = AggregateRef::User(Id::from_bytes([7; 12]));
        let edge = EdgeKey::new(EdgeKind::new("follow"), end, end);
        let event = Event {
            subject: Subject::Edge { edge, revision: Revision::new(2) },
            ..event(end, Version::FIRST, 0, start())
        };
        let wire = serde_json::to_value(&event).unwrap();
        assert_eq!(wire["edge"], edge.to_string());
        assert_eq!(serde_json::from_value::<Event>(wire).unwrap(), event);
    }
}
