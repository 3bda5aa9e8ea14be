use chrono_tz::Tz;

use crate::{
    account::{Availability, Category, KycStatus, Rating, TechnicianProfile, User, UserStatus},
    kernel::{Distance, GeoPoint, Id, Money},
};

/// What matching knows of a technician, for one category of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Who.
    pub technician: Id<User>,
    /// Whether the account is active.
    pub is_active: bool,
    /// Whether the identity is verified.
    pub is_verified: bool,
    /// The best skill in the category, if there is one.
    pub skill: Option<CandidateSkill>,
    /// The public place, if there is one: never the home itself.
    pub point: Option<GeoPoint>,
    /// How far the technician travels.
    pub service_radius: Distance,
    /// When the technician works.
    pub availability: Availability,
    /// The zone of the hours.
    pub time_zone: Tz,
    /// The price of an hour, if the technician names one.
    pub hourly_rate: Option<Money>,
    /// What customers think.
    pub rating: Rating,
    /// The share of finished jobs that were completed, 0 to 1; `None` without history.
    pub completion_rate: Option<f64>,
    /// The share of jobs begun in time, 0 to 1; `None` without history.
    pub punctuality: Option<f64>,
}

/// A skill, as far as matching weighs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandidateSkill {
    /// Whether staff has seen proof.
    pub verified: bool,
    /// Whole years.
    pub years_of_experience: u32,
}

/// How many jobs a technician has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Workload {
    /// On the day of the job.
    pub that_day: u32,
    /// In the last seven days.
    pub last_week: u32,
}

impl Candidate {
    /// How far a technician travels: nobody farther than anybody can offer, also where an earlier application
    /// stored more.
    #[must_use]
    pub fn capped(radius: Distance) -> Distance {
        let farthest = TechnicianProfile::MAX_SERVICE_RADIUS;
        if radius > farthest { farthest } else { radius }
    }

    /// What matching knows of a user; `None` for one who is no technician.
    #[must_use]
    pub fn from_user(user: &User, category: Category) -> Option<Self> {
        let profile = user.technician.as_ref()?;
        let skill = profile.best_skill(category).map(|skill| CandidateSkill {
            verified: skill.verified,
            years_of_experience: skill.years_of_experience,
        });
        Some(Self {
            technician: user.id,
            is_active: user.status == UserStatus::Active,
            is_verified: user.kyc.status == KycStatus::Verified,
            skill,
            point: user.public_point(),
            service_radius: Self::capped(profile.service_radius),
            availability: profile.availability.clone(),
            time_zone: profile.time_zone,
            hourly_rate: profile.hourly_rate,
            rating: user.rating,
            completion_rate: user.stats.completion_rate(),
            punctuality: user.stats.punctuality(),
        })
    }
}
