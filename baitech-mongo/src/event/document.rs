//! The stored form of an event.

use baitech_core::account::User;
use baitech_core::kernel::{Actor, Id, Role};
use baitech_core::store::{Event, EventKind, Version};
use bson::{Bson, RawDocumentBuf};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{serde_as, skip_serializing_none};

use crate::aggregate_ref::StoredRef;
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
    aggregate: StoredRef,
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
    /// The event's name, for readers and filters, such as `booking.status_changed`.
    name: String,
    /// The serialised event.
    payload: Bson,
    /// `true` until it is acknowledged, then missing.
    pending: Option<bool>,
}

#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct StoredActor {
    #[serde_as(as = "Oid")]
    id: Id<User>,
    role: Role,
}

/// Encodes an event as not acknowledged.
pub(crate) fn encode(event: Event) -> Result<RawDocumentBuf, bson::error::Error> {
    let Event { id, aggregate, version, n, actor, at, kind } = event;
    let (actor, anonymous) = match actor {
        Actor::System => (None, None),
        Actor::Anonymous => (None, Some(true)),
        Actor::User { id, role } => (Some(StoredActor { id, role }), None),
    };
    let document = EventDocument {
        id,
        aggregate: aggregate.into(),
        version: version.get(),
        n,
        actor,
        anonymous,
        at,
        name: kind.name().to_owned(),
        payload: bson::serialize_to_bson(&kind)?,
        pending: Some(true),
    };
    bson::serialize_to_raw_document_buf(&document)
}

impl EventDocument {
    pub(super) fn into_event(self) -> Result<Event, Unreadable> {
        let kind: EventKind = bson::deserialize_from_bson(self.payload)
            .map_err(|error| Unreadable::from(error).in_field("payload"))?;
        Ok(Event {
            id: self.id,
            aggregate: self.aggregate.into(),
            version: Version::new(self.version),
            n: self.n,
            actor: match (self.actor, self.anonymous) {
                (Some(actor), _) => Actor::user(actor.id, actor.role),
                (None, Some(true)) => Actor::Anonymous,
                (None, Some(false) | None) => Actor::System,
            },
            at: self.at,
            kind,
        })
    }
}
