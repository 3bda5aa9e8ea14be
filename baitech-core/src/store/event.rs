use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

use super::{AggregateRef, EdgeKey, EventKind, Revision, Topic, Version};
use crate::kernel::{Actor, Id};

/// Declares the events of a feature with their names. The data of an event has a format, which is 1 unless
/// another number follows the name. A new optional field keeps the format; every other change of the data
/// needs the next number, so that programs which do not know it refuse the event, and code that reads the
/// earlier formats in `EventKind::read`.
macro_rules! events {
    (
        $(#[$meta:meta])*
        pub enum $Events:ident {
            $($(#[$doc:meta])* $Event:ident($name:literal $(, $format:literal)?) $({ $($fields:tt)* })?,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "event", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $Events {
            $($(#[$doc])* $Event $({ $($fields)* })?,)+
        }

        impl $Events {
            /// The names of the events, each with the number of its format.
            pub const FORMATS: &'static [(&'static str, u16)] =
                &[$(($name, { let format = 1; $(let format = { let _: u16 = format; $format };)? format })),+];

            /// The event's name.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$Event { .. } => $name,)+ }
            }
        }
    };
}

pub(crate) use events;

/// A domain event for consumers. It carries ids, never personal data.
///
/// Events of a subject are ordered by (version or revision, `n`), and their times never decrease. Each is
/// delivered at least once.
///
/// In JSON, the event's own data are in `kind`, and the number of their format in `formatVersion`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's id; consumers ignore ids that they have seen.
    pub id: Id<Event>,
    /// What the event happened to, after the event.
    pub subject: Subject,
    /// The position among the events of the same subject in a commit.
    pub n: u32,
    /// The actor who caused it.
    pub actor: Actor,
    /// The time of the event.
    pub at: DateTime<Utc>,
    /// What the event concerns, sorted: its aggregate (or both ends of its edge), and the users who take part
    /// in it, before or after. Empty in events of earlier releases.
    pub topics: Vec<Topic>,
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

/// The serialised form of an event. `K` is the form of its own data.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form<K> {
    id: Id<Event>,
    #[serde(flatten)]
    subject: Subject,
    n: u32,
    actor: Actor,
    at: DateTime<Utc>,
    /// Missing in events of earlier releases.
    #[serde(default)]
    topics: Vec<Topic>,
    /// Missing in events of earlier releases.
    #[serde(rename = "formatVersion", default = "first_format")]
    format: u16,
    kind: K,
}

const fn first_format() -> u16 {
    1
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { id, subject, n, actor, at, topics, kind } = self;
        let topics = topics.clone();
        let (id, subject, n, actor, at) = (*id, *subject, *n, *actor, *at);
        Form { id, subject, n, actor, at, topics, format: kind.format(), kind }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::<Value>::deserialize(deserializer)?;
        let Form { id, subject, n, actor, at, topics, format, kind } = form;
        let tag = kind.get("event").and_then(Value::as_str).unwrap_or_default();
        let name = EventKind::name_of_tag(tag).unwrap_or(tag).to_owned();
        let kind = EventKind::read(&name, format, kind).map_err(D::Error::custom)?;
        Ok(Self { id, subject, n, actor, at, topics, kind })
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

    #[test]
    fn an_event_is_read_whatever_the_order_of_its_fields_and_without_a_format() {
        let target = AggregateRef::User(Id::from_bytes([7; 12]));
        let event = event(target, Version::new(3), 1, start());
        let mut wire = serde_json::to_value(&event).unwrap();
        assert_eq!(wire["formatVersion"], 1);
        wire.as_object_mut().unwrap().remove("formatVersion");
        let sorted: std::collections::BTreeMap<String, Value> = serde_json::from_value(wire).unwrap();
        let text = serde_json::to_string(&sorted).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }

    #[test]
    fn names_and_tags_of_events_correspond_and_are_unique() {
        let names: Vec<&str> = EventKind::FORMATS.iter().copied().flatten().map(|(name, _)| *name).collect();
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
        for name in names {
            assert_eq!(EventKind::name_of_tag(&name.replace('.', "_")), Some(name));
            // Without data, an event that has some is refused because of them, and not because of its name.
            let read = EventKind::read(name, 1, serde_json::json!({ "event": name.replace('.', "_") }));
            match read {
                Ok(event) => assert_eq!((event.name(), event.format()), (name, 1)),
                Err(error) => assert!(error.to_string().contains("missing field"), "{name}: {error}"),
            }
        }
    }

    #[test]
    fn an_event_of_a_newer_program_is_refused_with_the_reason() {
        let data = serde_json::json!({ "event": "user_profile_changed" });
        let cases = [
            ("user.profile_changed", 2, "format 2 of `user.profile_changed` is newer than 1"),
            ("post.liked", 1, "no event `post.liked`"),
            ("booking.updated", 1, "unknown variant `user_profile_changed`"),
            ("user.kyc_changed", 1, "the data of `user.kyc_changed` are those of `user.profile_changed`"),
        ];
        for (name, format, reason) in cases {
            let refused = EventKind::read(name, format, data.clone()).unwrap_err();
            assert!(refused.to_string().contains(reason), "{refused}");
        }
    }
}
