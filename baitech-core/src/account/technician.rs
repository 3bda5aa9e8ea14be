use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Availability;
use crate::kernel::{Distance, ElementId, Money, Text, named};

named! {
    /// A category of work.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[expect(missing_docs, reason = "the names are self-explanatory")]
    pub enum Category {
        Plumbing = "plumbing",
        Electrical = "electrical",
        Carpentry = "carpentry",
        Masonry = "masonry",
        Painting = "painting",
        Hvac = "hvac",
        Welding = "welding",
        Other = "other",
    }
}

/// A skill of a technician.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Skill {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The technician's own name for it.
    pub name: Text<100>,
    /// The category of work.
    pub category: Category,
    /// Whole years of experience.
    pub years_of_experience: u32,
    /// Whether staff have verified it. Only staff can set this.
    #[serde(default)]
    pub verified: bool,
    /// The evidence.
    #[serde(default)]
    pub verification_documents: Vec<String>,
}

/// A licence to trade.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Licence {
    pub number: Option<String>,
    pub verified: bool,
}

/// Insurance against damage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Insurance {
    pub provider: Option<String>,
    pub policy_number: Option<String>,
    pub verified: bool,
}

/// The profile that makes a user bookable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TechnicianProfile {
    /// The technician's skills.
    pub skills: Vec<Skill>,
    /// The working hours.
    #[serde(default)]
    pub availability: Availability,
    /// The time zone of `availability`.
    #[serde(default = "default_zone")]
    pub time_zone: Tz,
    /// The price per hour; `None` uses the platform's price list.
    #[serde(default)]
    pub hourly_rate: Option<Money>,
    /// How far from home the technician travels.
    #[serde(default = "TechnicianProfile::default_service_radius")]
    pub service_radius: Distance,
    /// The name of the business.
    #[serde(default)]
    pub business_name: Option<Text<100>>,
    /// Whole years in the trade.
    #[serde(default)]
    pub years_of_experience: Option<u32>,
    /// The trade licence. Only staff can set its `verified`.
    #[serde(default)]
    pub licence: Option<Licence>,
    /// The insurance. Only staff can set its `verified`.
    #[serde(default)]
    pub insurance: Option<Insurance>,
}

const fn default_zone() -> Tz {
    Tz::Africa__Nairobi
}

impl TechnicianProfile {
    /// Maximum service radius.
    pub const MAX_SERVICE_RADIUS: Distance = Distance::from_kilometres(100.0);

    /// Default service radius: 10 km.
    #[must_use]
    pub const fn default_service_radius() -> Distance {
        Distance::from_kilometres(10.0)
    }

    /// A profile with these skills, the default radius and zone, and no hours yet.
    #[must_use]
    pub fn new(skills: Vec<Skill>) -> Self {
        Self {
            skills,
            availability: Availability::default(),
            time_zone: default_zone(),
            hourly_rate: None,
            service_radius: Self::default_service_radius(),
            business_name: None,
            years_of_experience: None,
            licence: None,
            insurance: None,
        }
    }

    /// The best skill in a category: verified skills first, then the most experience.
    #[must_use]
    pub fn best_skill(&self, category: Category) -> Option<&Skill> {
        let in_category = self.skills.iter().filter(|skill| skill.category == category);
        in_category.max_by_key(|skill| (skill.verified, skill.years_of_experience))
    }
}
