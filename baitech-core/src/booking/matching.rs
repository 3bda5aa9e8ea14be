use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{ElementId, Id},
};

/// Somebody else who could do the job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// Who.
    pub technician: Id<User>,
    /// How well, 0 to 1.
    pub score: f64,
    /// Why, in one line.
    pub reason: String,
}

/// How the technician of a booking was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Matching {
    /// When the search began.
    pub requested_at: Option<DateTime<Utc>>,
    /// When it was last tried; radii widen with the time since `requested_at`.
    pub attempted_at: Option<DateTime<Utc>>,
    /// When somebody was found.
    pub matched_at: Option<DateTime<Utc>>,
    /// By which method.
    pub algorithm: Option<String>,
    /// How well the technician fits, 0 to 1.
    #[serde(rename = "matchScore")]
    pub score: Option<f64>,
    /// Up to three others.
    #[serde(rename = "alternativeTechnicians")]
    pub alternatives: Vec<Alternative>,
}
