//! What matching reads.

mod candidate;

use std::collections::HashMap;
use std::ops::Range;

use async_trait::async_trait;
use baitech_core::account::{Category, User};
use baitech_core::booking::{Booking, BookingStatus};
use baitech_core::kernel::{Distance, GeoPoint, Id};
use baitech_core::matching::{Candidate, MatchingRepository, Workload};
use baitech_core::store::StoreError;
use bson::{Bson, DateTime as BsonDate, Document, RawDocumentBuf, doc};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_with::serde_as;

use self::candidate::CandidateDocument;
use crate::MongoStore;
use crate::codec::{Aggregate, Unreadable};
use crate::load::{corrupt, readable};
use crate::server_error::unavailable;
use crate::value::{Oid, Whole, oid};

/// The server measures on a sphere of this radius, up to 0.6 % off the ellipsoid: a wider circle misses nobody.
const EARTH_RADIUS_METRES: f64 = 6_378_100.0;
const CIRCLE_MARGIN: f64 = 1.01;

#[serde_as]
#[derive(Debug, Deserialize)]
struct Jobs {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    technician: Id<User>,
    #[serde_as(as = "Whole")]
    that_day: u32,
    #[serde_as(as = "Whole")]
    last_week: u32,
}

#[async_trait]
impl MatchingRepository for MongoStore {
    async fn candidates(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<Vec<Candidate>, StoreError> {
        let users = self.raw(User::COLLECTION);
        let found = users.find(eligible(category, near, within)).projection(CandidateDocument::projection());
        let documents: Vec<RawDocumentBuf> =
            found.await.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        let read = documents.iter().filter_map(|raw| readable(read_candidate(raw, category)));
        let mut candidates: Vec<Candidate> = read.collect();
        candidates.sort_unstable_by_key(|candidate| candidate.technician);
        Ok(candidates)
    }

    async fn workloads(
        &self,
        technicians: &[Id<User>],
        day: Range<DateTime<Utc>>,
        week: Range<DateTime<Utc>>,
    ) -> Result<HashMap<Id<User>, Workload>, StoreError> {
        if technicians.is_empty() {
            return Ok(HashMap::new());
        }
        let bookings = self.raw(Booking::COLLECTION);
        let counted = bookings.aggregate(jobs(technicians, &day, &week)).with_type::<Jobs>();
        let counted: Vec<Jobs> =
            counted.await.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        let workload =
            |jobs: Jobs| (jobs.technician, Workload { that_day: jobs.that_day, last_week: jobs.last_week });
        Ok(counted.into_iter().map(workload).collect())
    }

    async fn open_requests(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<u64, StoreError> {
        let requests = open(category, near, within);
        self.raw(Booking::COLLECTION).count_documents(requests).await.map_err(unavailable)
    }
}

/// The conditions of [`MatchingRepository::candidates`] that the server checks; all but the radius of each technician.
pub(crate) fn eligible(category: Category, near: GeoPoint, within: Distance) -> Document {
    doc! {
        "skills.category": category.as_str(),
        "status": "active",
        "role": "technician",
        "kyc.verified": true,
        "publicPlace": circle(near, within),
    }
}

pub(crate) fn open(category: Category, near: GeoPoint, within: Distance) -> Document {
    doc! {
        "status": { "$in": [BookingStatus::Pending.as_str(), BookingStatus::Matching.as_str()] },
        "serviceCategory": category.as_str(),
        "serviceLocation": circle(near, within),
        "deletedAt": Bson::Null,
    }
}

fn circle(centre: GeoPoint, radius: Distance) -> Document {
    let radians = radius.metres() * CIRCLE_MARGIN / EARTH_RADIUS_METRES;
    // Beyond half the way around the Earth the server refuses, and everything lies within.
    let radians = radians.min(std::f64::consts::PI);
    let point = vec![centre.longitude(), centre.latitude()];
    doc! { "$geoWithin": { "$centerSphere": [point, radians] } }
}

pub(crate) fn jobs(
    technicians: &[Id<User>],
    day: &Range<DateTime<Utc>>,
    week: &Range<DateTime<Utc>>,
) -> [Document; 2] {
    let technicians: Vec<Bson> = technicians.iter().map(|id| oid(*id).into()).collect();
    let statuses: Vec<&str> =
        BookingStatus::ALL.into_iter().filter(counts).map(BookingStatus::as_str).collect();
    let first = BsonDate::from_chrono(day.start.min(week.start));
    let end = BsonDate::from_chrono(day.end.max(week.end));
    let within = |range: &Range<DateTime<Utc>>| {
        let from = doc! { "$gte": ["$timeSlot.date", BsonDate::from_chrono(range.start)] };
        let to = doc! { "$lt": ["$timeSlot.date", BsonDate::from_chrono(range.end)] };
        doc! { "$sum": { "$cond": [{ "$and": [from, to] }, 1, 0] } }
    };
    let matched = doc! {
        "technician": { "$in": technicians },
        "status": { "$in": statuses },
        "timeSlot.date": { "$gte": first, "$lt": end },
        "deletedAt": Bson::Null,
    };
    let grouped = doc! { "_id": "$technician", "that_day": within(day), "last_week": within(week) };
    [doc! { "$match": matched }, doc! { "$group": grouped }]
}

/// `accepted` to `paid`: jobs that were promised and not given up.
fn counts(status: &BookingStatus) -> bool {
    use BookingStatus as S;
    match status {
        S::Accepted | S::EnRoute | S::Arrived | S::InProgress | S::Paused => true,
        S::Completed | S::Verified | S::PaymentPending | S::Paid => true,
        S::Pending | S::Matching | S::Assigned | S::Rejected | S::Cancelled | S::Disputed | S::Refunded => {
            false
        }
    }
}

fn read_candidate(raw: &RawDocumentBuf, category: Category) -> Result<Candidate, StoreError> {
    let document =
        bson::deserialize_from_slice::<CandidateDocument>(raw.as_bytes()).map_err(Unreadable::from);
    let candidate = document.and_then(|document| document.into_candidate(category));
    candidate.map_err(|reason| corrupt(User::COLLECTION, raw, &reason))
}
