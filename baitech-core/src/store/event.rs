use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AggregateRef, EventKind, Version};
use crate::kernel::{Actor, Id};

/// Something that happened, told to whoever listens. It carries ids, never personal data.
///
/// Events of an aggregate are ordered by (`version`, `n`), their times never go back, and each is delivered
/// at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its own id: a consumer that has seen it ignores it.
    pub id: Id<Event>,
    /// What it happened to.
    pub aggregate: AggregateRef,
    /// The version that the aggregate has since.
    pub version: Version,
    /// The place among the events of the same commit.
    pub n: u32,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
}
