use async_trait::async_trait;
use chrono::{Days, NaiveDate};

use super::{Candidate, Workload};
use crate::{
    account::{Category, User},
    kernel::{Distance, GeoPoint, Id},
    store::StoreError,
};

/// Which technicians a job asks for, and what it wants to know of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CandidateQuery {
    /// With a skill in this category.
    pub category: Category,
    /// Around this place.
    pub near: GeoPoint,
    /// Up to this many times their own service radius away.
    pub share: f64,
    /// And this one, wherever the public place is.
    pub preferred: Option<Id<User>>,
    /// For the counts of jobs.
    pub days: JobDays,
}

/// The calendar days, in the zone of a job, whose jobs weigh in a ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobDays {
    /// The day of the job.
    pub day: NaiveDate,
    /// The present day, the last of seven.
    pub today: NaiveDate,
}

impl JobDays {
    /// The last seven days, the present one included.
    pub fn week(self) -> impl Iterator<Item = NaiveDate> + use<> {
        (0..7).filter_map(move |days| self.today.checked_sub_days(Days::new(days)))
    }
}

/// A day, the one before and the one after: whoever has no job on any of them holds no time on the day.
pub fn days_around(day: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    [day.pred_opt(), Some(day), day.succ_opt()].into_iter().flatten()
}

/// A technician as ranking reads one: nothing else of the user.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// The technician.
    pub candidate: Candidate,
    /// The technician's jobs.
    pub workload: Workload,
}

/// Which technicians count as the supply of a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SupplyQuery {
    /// With a skill in this category.
    pub category: Category,
    /// Around this place.
    pub near: GeoPoint,
    /// At most so far away.
    pub within: Distance,
    /// At most so many, the nearest; 0 counts as 1.
    pub most: u32,
    /// For `engaged`.
    pub day: NaiveDate,
}

/// How many technicians could do a kind of work near a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Supply {
    /// All of them.
    pub technicians: u64,
    /// How far they were looked for: the distance of the farthest where there are as many as were asked for,
    /// else the query's distance.
    pub within: Distance,
    /// Those who have a job on the day, the day before or the day after: of them it depends on the hour
    /// whether they are free.
    pub engaged: Vec<Id<User>>,
}

/// Reads what matching decides on.
///
/// Jobs are bookings that are accepted and not given up ([`Booking::job`](crate::booking::Booking::job)). A
/// store keeps their counts by technician and day in the commits that change the bookings; counts of days
/// that are over for a month may be forgotten.
#[async_trait]
pub trait MatchingRepository: Send + Sync + std::fmt::Debug {
    /// The active technicians with verified identity and a skill in the category whose public place lies
    /// within `share` times their own service radius, or 100 km where that is less, and the preferred one. A
    /// few that lie slightly farther may be among them; the ranking measures exactly. One whom the store
    /// cannot read is left out and logged, so that nobody else goes without.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Card>, StoreError>;

    /// The nearest active technicians with verified identity and a skill in the category whose public place
    /// lies within a distance, counted, and those of them who have jobs around a day. Distances may be
    /// measured on a sphere: technicians within 1 % of the distance may be counted or not, and of two whose
    /// distances differ by less than that, either may be the nearer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn supply(&self, query: &SupplyQuery) -> Result<Supply, StoreError>;

    /// How many customers have a booking of the category within a distance of the place that is `pending` or
    /// `matching`, and not deleted: one customer counts once, however many they request. Bookings within 1 %
    /// of the distance may be counted or not.
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
