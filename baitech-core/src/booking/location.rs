use serde::{Deserialize, Serialize};

use crate::kernel::{GeoPoint, Text};

/// The place of a job. The technician sees all of it from `accepted` on, and only the town and the county
/// before.
///
/// On the wire it has the form of a request: `{"coordinates": [longitude, latitude], "address": …}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct ServiceLocation {
    /// The point; every new booking has one. `None` if an earlier application stored no readable point (no
    /// technician can be matched then), and in views for actors who may not see it.
    #[serde(rename = "coordinates", default, skip_serializing_if = "Option::is_none")]
    pub point: Option<GeoPoint>,
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
    /// A place with only its point.
    #[must_use]
    pub const fn at(point: GeoPoint) -> Self {
        Self {
            point: Some(point),
            address: None,
            city: None,
            county: None,
            postal_code: None,
            landmarks: None,
            access_instructions: None,
        }
    }

    /// The part that a technician may see before accepting: the town and the county.
    #[must_use]
    pub fn town(self) -> Self {
        Self { city: self.city, county: self.county, ..Self::default() }
    }
}
