use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{ElementId, Id},
};

/// Another technician who could do the job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The technician.
    pub technician: Id<User>,
    /// The match score, 0 to 1.
    pub score: f64,
    /// The reason, in one line.
    pub reason: String,
}

/// How the technician of a booking was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Matching {
    /// When the search began.
    pub requested_at: Option<DateTime<Utc>>,
    /// When the last search ran. Radii widen with the time since `requested_at`.
    pub attempted_at: Option<DateTime<Utc>>,
    /// When a technician was found.
    pub matched_at: Option<DateTime<Utc>>,
    /// The matching method.
    pub algorithm: Option<String>,
    /// The match score, 0 to 1.
    #[serde(rename = "matchScore")]
    pub score: Option<f64>,
    /// Up to three alternatives.
    #[serde(rename = "alternativeTechnicians")]
    pub alternatives: Vec<Alternative>,
}
