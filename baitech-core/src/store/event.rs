use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AggregateRef, EventKind, Version};
use crate::kernel::{Actor, Id};

/// A domain event for consumers. It carries ids, never personal data.
///
/// Events of an aggregate are ordered by (`version`, `n`), and their times never decrease. Each is delivered
/// at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The event's id; consumers ignore ids that they have seen.
    pub id: Id<Event>,
    /// The aggregate to which it happened.
    pub aggregate: AggregateRef,
    /// The version of the aggregate after the event.
    pub version: Version,
    /// The position among the events of the same commit.
    pub n: u32,
    /// The actor who caused it.
    pub actor: Actor,
    /// The time of the event.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
}
