mod eligibility;
mod policy;
mod rank;
mod scorer;

use chrono::{DateTime, Utc, Weekday};
use chrono_tz::Tz;

use super::*;
use crate::{
    account::{Availability, Category, Rating, TimeOfDay, User},
    kernel::{Distance, GeoPoint, Id},
};

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn technician(number: u32) -> Id<User> {
    let mut bytes = [0; 12];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Id::from_bytes(bytes)
}

/// The centre of Nairobi.
fn centre() -> GeoPoint {
    GeoPoint::new(36.8219, -1.2921).unwrap()
}

/// A point this many kilometres (111.32 per degree) east of the centre.
fn east(kilometres: f64) -> GeoPoint {
    GeoPoint::new(36.8219 + kilometres / 111.32, -1.2921).unwrap()
}

/// Monday 2 March 2026, 10:00 to 12:00 in Nairobi.
fn job() -> Job<'static> {
    Job {
        category: Category::Plumbing,
        point: centre(),
        starts_at: moment("2026-03-02T07:00:00Z"),
        ends_at: moment("2026-03-02T09:00:00Z"),
        preferred: None,
        declined: &[],
        radius_factor: 1.0,
    }
}

/// From 8 to 18 on Mondays.
fn hours(time_zone: Tz) -> WorkingHours {
    let (from, to) = (TimeOfDay::new(8, 0).unwrap(), TimeOfDay::new(18, 0).unwrap());
    WorkingHours { availability: Availability::on_weekdays(&[Weekday::Mon], from, to), time_zone }
}

/// The eligibility of a technician who works from 8 to 18 on Mondays, in Nairobi.
fn eligible(job: &Job<'_>, candidate: &Candidate, busy: bool) -> Result<Distance, Exclusion> {
    eligibility(job, candidate, &hours(Tz::Africa__Nairobi), busy)
}

/// A new technician at the same place.
fn candidate(number: u32) -> Candidate {
    Candidate {
        technician: technician(number),
        is_active: true,
        is_verified: true,
        skill: Some(CandidateSkill { verified: false, years_of_experience: 0 }),
        point: Some(centre()),
        service_radius: Distance::from_kilometres(10.0),
        hourly_rate: None,
        rating: Rating::default(),
        completion_rate: None,
        punctuality: None,
    }
}
