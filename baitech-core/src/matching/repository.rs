use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::ops::Range;

use super::{Candidate, Workload};
use crate::{
    account::{Category, User},
    kernel::{Distance, GeoPoint, Id},
    store::StoreError,
};

/// Reads what matching decides on.
#[async_trait]
pub trait MatchingRepository: Send + Sync + std::fmt::Debug {
    /// The active technicians with verified identity and a skill in the category whose home lies within a distance of the
    /// place. A few that lie slightly farther may be among them; the ranking measures exactly. One whom the store cannot read
    /// is left out and logged, so that nobody else goes without.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn candidates(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<Vec<Candidate>, StoreError>;

    /// How many jobs each of the technicians has whose slot's day lies within `day`, and within `week`: bookings that are
    /// not deleted and in one of `accepted`, `en_route`, `arrived`, `in_progress`, `paused`, `completed`, `verified`,
    /// `payment_pending` and `paid`. The ranges begin and end with days of the slots' zone, so that a store is free in which
    /// moment of its day it keeps a slot by. A technician without any may be missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn workloads(
        &self,
        technicians: &[Id<User>],
        day: Range<DateTime<Utc>>,
        week: Range<DateTime<Utc>>,
    ) -> Result<HashMap<Id<User>, Workload>, StoreError>;

    /// How many bookings of the category within a distance of the place are `pending` or `matching`, and not deleted. Those
    /// within 1 % of the distance may be counted or not: a store may measure on a sphere.
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
