use chrono_tz::Tz;

use super::Job;
use crate::{
    account::{Availability, Category, KycStatus, Rating, TechnicianProfile, User, UserStatus},
    kernel::{Distance, GeoPoint, Id, Money},
};

/// The data of a technician that a ranking uses, for one category of work. The [`WorkingHours`] are read
/// separately.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The technician.
    pub technician: Id<User>,
    /// Whether the account is active.
    pub is_active: bool,
    /// Whether the identity is verified.
    pub is_verified: bool,
    /// The best skill in the category; `None` without one.
    pub skill: Option<CandidateSkill>,
    /// The public place, if there is one; never the home itself.
    pub point: Option<GeoPoint>,
    /// How far the technician travels from the public place.
    pub service_radius: Distance,
    /// The technician's hourly rate, if there is one.
    pub hourly_rate: Option<Money>,
    /// The rating by customers.
    pub rating: Rating,
    /// The share of finished jobs that were completed, 0 to 1; `None` without history.
    pub completion_rate: Option<f64>,
    /// The share of jobs that began on time, 0 to 1; `None` without history.
    pub punctuality: Option<f64>,
}

/// The part of a skill that matching scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandidateSkill {
    /// Whether staff has verified it.
    pub verified: bool,
    /// Whole years of experience.
    pub years_of_experience: u32,
}

/// The working hours of a technician.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingHours {
    /// The weekly hours and the exceptions.
    pub availability: Availability,
    /// The time zone of the hours.
    pub time_zone: Tz,
}

impl WorkingHours {
    /// The working hours of a user; `None` if the user is not a technician.
    #[must_use]
    pub fn from_user(user: &User) -> Option<Self> {
        let TechnicianProfile { availability, time_zone, .. } = user.technician.as_ref()?;
        Some(Self { availability: availability.clone(), time_zone: *time_zone })
    }

    /// Whether the hours cover the whole time of a job.
    #[must_use]
    pub fn cover(&self, job: &Job<'_>) -> bool {
        self.availability.covers(job.starts_at, job.ends_at, self.time_zone)
    }
}

/// The number of jobs of a technician.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Workload {
    /// Jobs on the day of the job.
    pub that_day: u32,
    /// Jobs in the last seven days.
    pub last_week: u32,
}

impl Candidate {
    /// The service radius, limited to the maximum, even if an earlier application stored more.
    #[must_use]
    pub fn capped(radius: Distance) -> Distance {
        let farthest = TechnicianProfile::MAX_SERVICE_RADIUS;
        if radius > farthest { farthest } else { radius }
    }

    /// The matching data of a user; `None` if the user is not a technician.
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
            hourly_rate: profile.hourly_rate,
            rating: user.rating,
            completion_rate: user.stats.completion_rate(),
            punctuality: user.stats.punctuality(),
        })
    }
}
