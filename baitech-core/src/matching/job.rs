use chrono::{DateTime, Utc};

use super::Candidate;
use crate::{
    account::{Category, User},
    booking::BookingRecord,
    kernel::{Distance, GeoPoint, Id},
};

/// What matching knows of a booking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Job<'a> {
    /// What kind of work.
    pub category: Category,
    /// Where.
    pub point: GeoPoint,
    /// From.
    pub starts_at: DateTime<Utc>,
    /// To, not included.
    pub ends_at: DateTime<Utc>,
    /// Whom the customer would like.
    pub preferred: Option<Id<User>>,
    /// Who declined or did not answer.
    pub declined: &'a [Id<User>],
    /// How many times their own radius technicians may be away.
    pub radius_factor: f64,
}

impl<'a> Job<'a> {
    /// The job of a booking; `None` where an earlier application stored no readable point for it.
    #[must_use]
    pub fn of(booking: &'a BookingRecord, radius_factor: f64) -> Option<Self> {
        Some(Self {
            category: booking.service_category,
            point: booking.location.point?,
            starts_at: booking.slot.starts_at(),
            ends_at: booking.slot.ends_at(),
            preferred: booking.preferred_technician,
            declined: &booking.declined_by,
            radius_factor,
        })
    }

    /// The farthest that a technician may be away.
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
    /// KYC is not done.
    #[error("the identity is not verified; the documents have to be submitted and approved first")]
    Unverified,
    /// The profile lists other work.
    #[error("the profile lists no skill in {}", .0.as_str())]
    NoSkill(Category),
    /// Declined it, or let the offer lapse.
    #[error("declined this job, or did not answer in time; it is not offered again")]
    Declined,
    /// Promised the time to another customer.
    #[error("another accepted job takes that time, or the way to it")]
    Busy,
    /// Owes the platform too much for another job in cash. The customer is not told of the debt.
    #[error("takes no jobs that are paid in cash at present")]
    NoCash,
    /// The booking has no readable point.
    #[error("the booking has no location to measure the distance to")]
    NoPlace,
    /// There is no public place: nobody knows how far it is.
    #[error("the profile has no location to measure the distance from")]
    NoHome,
    /// Beyond the service radius.
    #[error("the job is about {} km away, the service radius reaches {} km", .distance.kilometres().round(), .radius.kilometres().round())]
    TooFar {
        /// How far it is from the public place.
        distance: Distance,
        /// How far it may be: the own radius, widened as long as the search has gone on.
        radius: Distance,
    },
    /// Does not work then.
    #[error("the working hours do not cover the whole time of the job")]
    Hours,
    /// The price of the job is the own rate of another technician, and the price list asks more.
    #[error("the price is the own rate of the preferred technician, and the price list asks more of others")]
    PricedForAnother,
}

/// Whether a technician can do a job, and how far away the public place is; else the first reason why not.
///
/// `busy` says whether another booking claims a part of the time.
///
/// # Errors
/// The [`Exclusion`].
pub fn eligibility(job: &Job<'_>, candidate: &Candidate, busy: bool) -> Result<Distance, Exclusion> {
    let home = standing(job, candidate)?;
    if busy {
        return Err(Exclusion::Busy);
    }
    let distance = home.ok_or(Exclusion::NoHome)?.geodesic_distance(job.point);
    let radius = job.reach(candidate);
    if distance > radius {
        // Rounded up, so that what is too far never looks as if it were within the radius.
        let distance = Distance::from_kilometres(distance.kilometres().ceil());
        return Err(Exclusion::TooFar { distance, radius });
    }
    if !candidate.availability.covers(job.starts_at, job.ends_at, candidate.time_zone) {
        return Err(Exclusion::Hours);
    }
    Ok(distance)
}

/// The part of [`eligibility`] that is the same at any time and place; the home, if it is known.
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
