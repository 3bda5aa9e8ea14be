//! Queries on bookings.

use std::collections::BTreeMap;

use async_trait::async_trait;
use baitech_core::booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus};
use baitech_core::kernel::{Page, PageRequest};
use baitech_core::store::{StoreError, Stored};
use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_with::serde_as;

use crate::MongoStore;
use crate::codec::Aggregate;
use crate::page::ListByTime;
use crate::server_error::unavailable;
use crate::value::{Lenient, Whole, oid};

#[serde_as]
#[derive(Debug, Deserialize)]
struct StatusCount {
    /// `None` for an unknown status.
    #[serde(rename = "_id", default)]
    #[serde_as(deserialize_as = "Lenient")]
    status: Option<BookingStatus>,
    #[serde_as(as = "Whole")]
    count: u64,
}

#[async_trait]
impl BookingRepository for MongoStore {
    async fn find_by_number(&self, number: &BookingNumber) -> Result<Option<Stored<Booking>>, StoreError> {
        self.find_one(by_number(number)).await
    }

    async fn list_bookings(
        &self,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>, StoreError> {
        ListByTime { query: matched(filter), field: CREATED_AT, hint: None }.page(self, page).await
    }

    /// The list indexes do not contain the deletion mark, and few bookings are deleted: so all are counted on
    /// such an index alone, and the deleted ones are subtracted.
    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError> {
        let (all, deleted) =
            tokio::try_join!(self.counts(counted(filter)), self.counts(counted_deleted(filter)))?;
        let left = |(status, count): (BookingStatus, u64)| {
            let deleted = deleted.get(&status).copied().unwrap_or_default();
            (status, count.saturating_sub(deleted))
        };
        Ok(all.into_iter().map(left).filter(|(_, count)| *count > 0).collect())
    }
}

impl MongoStore {
    async fn counts(&self, stages: [Document; 2]) -> Result<BTreeMap<BookingStatus, u64>, StoreError> {
        let bookings = self.raw(Booking::COLLECTION);
        let counted = bookings.aggregate(stages).with_type::<StatusCount>().await.map_err(unavailable)?;
        let counts: Vec<StatusCount> = counted.try_collect().await.map_err(unavailable)?;
        Ok(counts.into_iter().filter_map(|count| Some((count.status?, count.count))).collect())
    }
}

/// The sort key of lists of bookings.
pub(crate) const CREATED_AT: &str = "createdAt";

pub(crate) fn by_number(number: &BookingNumber) -> Document {
    doc! { "bookingNumber": number.as_str() }
}

pub(crate) fn counted(filter: &BookingFilter) -> [Document; 2] {
    [doc! { "$match": of_filter(filter, true) }, by_status()]
}

pub(crate) fn counted_deleted(filter: &BookingFilter) -> [Document; 2] {
    let mut query = of_filter(filter, true);
    query.insert("deletedAt", doc! { "$type": "date" });
    [doc! { "$match": query }, by_status()]
}

fn by_status() -> Document {
    doc! { "$group": { "_id": "$status", "count": { "$sum": 1 } } }
}

fn matched(filter: &BookingFilter) -> Document {
    let mut query = of_filter(filter, false);
    query.insert("deletedAt", Bson::Null);
    query
}

/// If no other condition bounds the scan, or on request, "any status" is written as a list of all statuses,
/// so that the server can use the index on the status.
fn of_filter(filter: &BookingFilter, spell_out: bool) -> Document {
    let BookingFilter { customer, technician, company, statuses } = filter;
    let mut query = Document::new();
    for (field, person) in
        [("customer", customer), ("technician", technician), ("corporateDetails.company", company)]
    {
        if let Some(person) = person {
            query.insert(field, oid(*person));
        }
    }
    let unbounded = customer.is_none() && technician.is_none() && company.is_none();
    if !statuses.is_empty() || unbounded || spell_out {
        let statuses = if statuses.is_empty() { BookingStatus::ALL.as_slice() } else { statuses.as_slice() };
        let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        query.insert("status", doc! { "$in": names });
    }
    query
}
