use async_trait::async_trait;
use chrono::{Days, NaiveDate};

use super::{Candidate, WorkingHours, Workload};
use crate::{
    account::{Category, User},
    kernel::{Distance, GeoPoint, Id},
    store::StoreError,
};

/// A query for the technicians of a job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CandidateQuery {
    /// Required category of a skill.
    pub category: Category,
    /// The place of the job.
    pub near: GeoPoint,
    /// Maximum distance, as a share of each technician's service radius.
    pub share: f64,
    /// A technician to include at any distance.
    pub preferred: Option<Id<User>>,
    /// The days whose jobs are counted.
    pub days: JobDays,
}

/// The calendar days, in the zone of a job, whose jobs count in a ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobDays {
    /// The day of the job.
    pub day: NaiveDate,
    /// The current day, the last of seven.
    pub today: NaiveDate,
}

impl JobDays {
    /// The last seven days, including today.
    pub fn week(self) -> impl Iterator<Item = NaiveDate> + use<> {
        (0..7).filter_map(move |days| self.today.checked_sub_days(Days::new(days)))
    }
}

/// A day, the day before and the day after: a technician without a job on any of them is free on the day.
pub fn days_around(day: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    [day.pred_opt(), Some(day), day.succ_opt()].into_iter().flatten()
}

/// The data of a technician that a ranking reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// The technician.
    pub candidate: Candidate,
    /// The technician's jobs.
    pub workload: Workload,
    /// Whether the technician has a job on the day of the job, the day before or the day after. Only then can
    /// another booking take the time of the job.
    pub is_engaged: bool,
}

/// A query for the supply of technicians at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SupplyQuery {
    /// Required category of a skill.
    pub category: Category,
    /// The centre.
    pub near: GeoPoint,
    /// Maximum distance.
    pub within: Distance,
    /// Maximum number of technicians, nearest first; 0 counts as 1.
    pub most: u32,
    /// The day for `engaged`.
    pub day: NaiveDate,
}

/// The supply of technicians for a category near a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Supply {
    /// Total number.
    pub technicians: u64,
    /// The searched distance: that of the farthest technician if the query's maximum number was reached,
    /// otherwise the query's distance.
    pub within: Distance,
    /// Technicians with a job on the day, the day before or the day after. Whether they are free depends on
    /// the hour.
    pub engaged: Vec<Id<User>>,
}

/// Reads the data for matching.
///
/// Jobs are accepted bookings that were not cancelled ([`Booking::job`](crate::booking::Booking::job)). A
/// store updates their counts by technician and day in the commits that change the bookings. Counts of days
/// more than a month ago may be deleted.
#[async_trait]
pub trait MatchingRepository: Send + Sync + std::fmt::Debug {
    /// The active, verified technicians with a skill in the category whose public place is within `share`
    /// times their service radius (at most 100 km), and the preferred technician. A few that are slightly
    /// farther away may be included, since the ranking measures exactly. A technician that the store cannot
    /// read is logged and left out, so that the search still succeeds.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Card>, StoreError>;

    /// The working hours of these technicians, in any order. Users who are not technicians, and those whom
    /// the store cannot read (which it logs), are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn working_hours(
        &self,
        technicians: &[Id<User>],
    ) -> Result<Vec<(Id<User>, WorkingHours)>, StoreError>;

    /// Counts the nearest active, verified technicians with a skill in the category whose public place is
    /// within a distance, and lists those among them with jobs around a day. Distances may be measured on a
    /// sphere: technicians within 1 % of the distance may be counted or not, and of two whose distances
    /// differ by less than that, either may count as the nearer one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn supply(&self, query: &SupplyQuery) -> Result<Supply, StoreError>;

    /// Number of customers with a booking of the category within a distance of the place that is `pending` or
    /// `matching`, and not deleted. Each customer counts once. Bookings within 1 % of the distance may be
    /// counted or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn open_requests(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<u64, StoreError>;
}
