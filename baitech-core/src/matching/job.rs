use chrono::{DateTime, Utc};

use super::{Candidate, WorkingHours};
use crate::{
    account::{Category, User},
    kernel::{Distance, GeoPoint, Id},
};

/// The data of a booking that matching uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Job<'a> {
    /// The category of work.
    pub category: Category,
    /// The place of the job.
    pub point: GeoPoint,
    /// Start.
    pub starts_at: DateTime<Utc>,
    /// End, exclusive.
    pub ends_at: DateTime<Utc>,
    /// The technician whom the customer prefers.
    pub preferred: Option<Id<User>>,
    /// Technicians who declined or did not answer.
    pub declined: &'a [Id<User>],
    /// Factor by which the service radius of technicians is widened.
    pub radius_factor: f64,
}

impl Job<'_> {
    /// The maximum distance for a technician: the service radius times the factor.
    pub(super) fn reach(&self, candidate: &Candidate) -> Distance {
        Distance::from_metres(candidate.service_radius.metres() * self.radius_factor)
    }
}

/// Why a technician is not offered a job.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Exclusion {
    /// The account is suspended, deactivated or banned.
    #[error("the account is not active")]
    Inactive,
    /// The identity is not verified.
    #[error("the identity is not verified; documents must be submitted and approved first")]
    Unverified,
    /// The profile has no skill in the category.
    #[error("the profile has no skill in {}", .0.as_str())]
    NoSkill(Category),
    /// The technician declined the job, or let the offer expire.
    #[error("the technician declined this job or did not answer in time")]
    Declined,
    /// Another accepted job takes that time, or the travel to it.
    #[error("another accepted job, including its travel time, takes that time")]
    Busy,
    /// Another cash job would take the technician's debt above the limit. The customer does not learn of the
    /// debt.
    #[error("the technician accepts no cash jobs at present")]
    NoCash,
    /// The booking has no readable point.
    #[error("the booking has no location, so the distance is unknown")]
    NoPlace,
    /// The technician has no public place, so the distance is unknown.
    #[error("the profile has no location, so the distance is unknown")]
    NoHome,
    /// The job is outside the service radius.
    #[error("the job is about {} km away, outside the service radius of {} km", .distance.kilometres().round(), .radius.kilometres().round())]
    TooFar {
        /// Distance from the public place.
        distance: Distance,
        /// Maximum distance: the service radius, widened with the duration of the search.
        radius: Distance,
    },
    /// The working hours do not cover the job.
    #[error("the working hours do not cover the whole time of the job")]
    Hours,
    /// The job's price is another technician's own rate, and the price list's price is higher.
    #[error("the price is the preferred technician's own rate, and the price list is higher")]
    PricedForAnother,
}

/// The distance to the public place if a technician can do a job, otherwise the first reason why not.
///
/// `busy` says whether another booking claims part of the time.
///
/// # Errors
/// The [`Exclusion`].
pub fn eligibility(
    job: &Job<'_>,
    candidate: &Candidate,
    hours: &WorkingHours,
    busy: bool,
) -> Result<Distance, Exclusion> {
    let home = standing(job, candidate)?;
    if busy {
        return Err(Exclusion::Busy);
    }
    let distance = home.ok_or(Exclusion::NoHome)?.geodesic_distance(job.point);
    let radius = job.reach(candidate);
    if distance > radius {
        // Rounded up, so that a distance above the radius never looks as if it were within it.
        let distance = Distance::from_kilometres(distance.kilometres().ceil());
        return Err(Exclusion::TooFar { distance, radius });
    }
    if !hours.cover(job) {
        return Err(Exclusion::Hours);
    }
    Ok(distance)
}

/// The part of [`eligibility`] that does not depend on time and place; returns the public place, if there is
/// one.
pub(super) fn standing(job: &Job<'_>, candidate: &Candidate) -> Result<Option<GeoPoint>, Exclusion> {
    if !candidate.is_active {
        return Err(Exclusion::Inactive);
    }
    if !candidate.is_verified {
        return Err(Exclusion::Unverified);
    }
    if candidate.skill.is_none() {
        return Err(Exclusion::NoSkill(job.category));
    }
    if job.declined.contains(&candidate.technician) {
        return Err(Exclusion::Declined);
    }
    Ok(candidate.point)
}
