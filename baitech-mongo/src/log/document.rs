//! The stored form of an event.

use baitech_core::account::User;
use baitech_core::kernel::{Actor, Id, Kind, Role};
use baitech_core::store::{AggregateRef, EdgeKey, Event, EventKind, Revision, Subject, Topic, Version};
use bson::oid::ObjectId;
use bson::{Bson, RawDocumentBuf};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, serde_as, skip_serializing_none};

use crate::codec::Unreadable;
use crate::value::{Millis, Oid, Whole};

/// One document of `events`.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EventDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<Event>,
    #[serde(rename = "aggregate")]
    subject: StoredSubject,
    /// The version of the aggregate, or the revision of the edge.
    #[serde_as(as = "Whole")]
    version: u64,
    #[serde_as(as = "Whole")]
    n: u32,
    /// Missing for the system and for anonymous callers.
    actor: Option<StoredActor>,
    /// `true` for an anonymous caller, otherwise missing.
    anonymous: Option<bool>,
    #[serde_as(as = "Millis")]
    at: DateTime<Utc>,
    /// What the event concerns, as text: `user:65f0…`. Missing in events of earlier releases.
    #[serde_as(as = "Vec<DisplayFromStr>")]
    #[serde(default)]
    topics: Vec<Topic>,
    /// The event's name, for readers and filters, such as `booking.status_changed`.
    name: String,
    /// The number of the payload's format. Missing in events of earlier releases, which have format 1.
    #[serde(rename = "formatVersion", default = "first_format")]
    #[serde_as(as = "Whole")]
    format: u16,
    /// The serialised event.
    payload: Bson,
    /// The same for all events of a commit. Missing in events of earlier versions.
    commit: Option<ObjectId>,
    /// `true` until the event has a number, then missing.
    pending: Option<bool>,
}

const fn first_format() -> u16 {
    1
}

/// The kind of a subject that is an edge.
const EDGE: &str = "edge";

/// What an event happened to: `{kind: "booking", id: ObjectId}` as in other references, or
/// `{kind: "edge", id: "like:user:…:booking:…"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredSubject {
    kind: String,
    id: Bson,
}

impl From<Subject> for StoredSubject {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Aggregate { aggregate, version: _ } => Self {
                kind: aggregate.kind().as_str().to_owned(),
                id: ObjectId::from_bytes(aggregate.id_bytes()).into(),
            },
            Subject::Edge { edge, revision: _ } => {
                Self { kind: EDGE.to_owned(), id: edge.to_string().into() }
            }
        }
    }
}

impl StoredSubject {
    fn at(&self, number: u64) -> Result<Subject, Unreadable> {
        let Self { kind, id } = self;
        if kind == EDGE {
            let edge = id.as_str().and_then(|key| key.parse::<EdgeKey>().ok());
            let revision = Revision::new(number);
            return edge.map(|edge| Subject::Edge { edge, revision }).ok_or_else(|| self.unreadable());
        }
        let known = Kind::ALL.iter().find(|known| known.as_str() == kind);
        match (known, id.as_object_id()) {
            (Some(kind), Some(id)) => Ok(Subject::Aggregate {
                aggregate: AggregateRef::new(*kind, id.bytes()),
                version: Version::new(number),
            }),
            _ => Err(self.unreadable()),
        }
    }

    fn unreadable(&self) -> Unreadable {
        let Self { kind, id } = self;
        Unreadable::new(format!("{kind} {id} is no known subject")).in_field("aggregate")
    }
}

#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct StoredActor {
    #[serde_as(as = "Oid")]
    id: Id<User>,
    role: Role,
}

/// Encodes an event of a commit, without a number.
pub(crate) fn encode(event: Event, commit: ObjectId) -> Result<RawDocumentBuf, bson::error::Error> {
    let Event { id, subject, n, actor, at, topics, kind } = event;
    let (actor, anonymous) = match actor {
        Actor::System => (None, None),
        Actor::Anonymous => (None, Some(true)),
        Actor::User { id, role } => (Some(StoredActor { id, role }), None),
    };
    let document = EventDocument {
        id,
        subject: subject.into(),
        version: subject.number(),
        n,
        actor,
        anonymous,
        at,
        topics,
        name: kind.name().to_owned(),
        format: kind.format(),
        payload: bson::serialize_to_bson(&kind)?,
        commit: Some(commit),
        pending: Some(true),
    };
    bson::serialize_to_raw_document_buf(&document)
}

impl EventDocument {
    pub(super) fn into_event(self) -> Result<Event, Unreadable> {
        let kind = EventKind::read(&self.name, self.format, bson::Deserializer::new(self.payload))
            .map_err(|error| Unreadable::from(error).in_field("payload"))?;
        Ok(Event {
            id: self.id,
            subject: self.subject.at(self.version)?,
            n: self.n,
            actor: match (self.actor, self.anonymous) {
                (Some(actor), _) => Actor::user(actor.id, actor.role),
                (None, Some(true)) => Actor::Anonymous,
                (None, Some(false) | None) => Actor::System,
            },
            at: self.at,
            topics: self.topics,
            kind,
        })
    }
}
