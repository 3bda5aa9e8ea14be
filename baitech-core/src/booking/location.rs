use serde::{Deserialize, Serialize};

use crate::kernel::{GeoPoint, Text};

/// Where a job is. The technician sees all of it from `accepted` on, before that only the point and the town.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct ServiceLocation {
    pub point: GeoPoint,
    #[serde(default)]
    pub address: Option<Text<300>>,
    #[serde(default)]
    pub city: Option<Text<100>>,
    #[serde(default)]
    pub county: Option<Text<100>>,
    #[serde(default)]
    pub postal_code: Option<Text<20>>,
    #[serde(default)]
    pub landmarks: Option<Text<300>>,
    #[serde(default)]
    pub access_instructions: Option<Text<500>>,
}

impl ServiceLocation {
    /// A place of which only the point is known.
    #[must_use]
    pub const fn at(point: GeoPoint) -> Self {
        Self {
            point,
            address: None,
            city: None,
            county: None,
            postal_code: None,
            landmarks: None,
            access_instructions: None,
        }
    }
}
