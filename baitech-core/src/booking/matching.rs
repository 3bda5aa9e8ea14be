use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::BookingRecord;
use crate::{
    account::User,
    kernel::{ElementId, Id},
    matching::{Job, Ranked},
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

impl Alternative {
    /// The record of a ranked technician.
    #[must_use]
    pub fn new(element: ElementId, ranked: &Ranked) -> Self {
        Self { element, technician: ranked.technician, score: ranked.score, reason: ranked.reason() }
    }
}

impl BookingRecord {
    /// The job to match technicians to; `None` if an earlier application stored no readable point for it.
    /// `radius_factor` widens the technicians' service radius.
    #[must_use]
    pub fn matching_job(&self, radius_factor: f64) -> Option<Job<'_>> {
        Some(Job {
            category: self.service_category,
            point: self.location.point?,
            starts_at: self.slot.starts_at(),
            ends_at: self.slot.ends_at(),
            preferred: self.preferred_technician,
            declined: &self.declined_by,
            radius_factor,
        })
    }
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
