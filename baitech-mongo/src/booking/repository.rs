//! Queries on bookings.

use async_trait::async_trait;
use baitech_core::booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus};
use baitech_core::kernel::{Cursor, Id, Page, PageRequest};
use baitech_core::store::{StoreError, Stored};
use bson::{Bson, DateTime, Document, doc};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_with::serde_as;

use crate::MongoStore;
use crate::codec::Aggregate;
use crate::load::read_all;
use crate::page::limit_of;
use crate::server_error::unavailable;
use crate::value::{Whole, oid};

#[serde_as]
#[derive(Debug, Deserialize)]
struct StatusCount {
    #[serde(rename = "_id")]
    status: BookingStatus,
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
        let after =
            page.cursor().map(Cursor::parts::<i64, Id<Booking>>).transpose().map_err(StoreError::Cursor)?;
        let bookings = self.raw(Booking::COLLECTION);
        let found = bookings.find(listed(filter, after)).sort(newest_first()).limit(limit_of(page));
        let found = read_all(found.await.map_err(unavailable)?).await?;
        let cursor_of =
            |booking: &Stored<Booking>| Cursor::new(booking.created_at.timestamp_millis(), booking.id);
        Ok(Page::from_overfull(found, page.limit(), cursor_of))
    }

    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError> {
        let bookings = self.raw(Booking::COLLECTION);
        let counted =
            bookings.aggregate(counted(filter)).with_type::<StatusCount>().await.map_err(unavailable)?;
        let mut counts: Vec<StatusCount> = counted.try_collect().await.map_err(unavailable)?;
        counts.sort_by_key(|count| count.status);
        Ok(counts.into_iter().map(|count| (count.status, count.count)).collect())
    }
}

pub(crate) fn by_number(number: &BookingNumber) -> Document {
    doc! { "bookingNumber": number.as_str() }
}

pub(crate) fn newest_first() -> Document {
    doc! { "createdAt": -1, "_id": 1 }
}

pub(crate) fn listed(filter: &BookingFilter, after: Option<(i64, Id<Booking>)>) -> Document {
    let mut query = matched(filter);
    if let Some((millis, id)) = after {
        let created_at = DateTime::from_millis(millis);
        // The first condition is implied by the second, and bounds the index scan.
        query.insert("createdAt", doc! { "$lte": created_at });
        let older = doc! { "createdAt": { "$lt": created_at } };
        let same_time = doc! { "createdAt": created_at, "_id": { "$gt": oid(id) } };
        query.insert("$or", [older, same_time]);
    }
    query
}

pub(crate) fn counted(filter: &BookingFilter) -> [Document; 2] {
    [doc! { "$match": matched(filter) }, doc! { "$group": { "_id": "$status", "count": { "$sum": 1 } } }]
}

/// Any status is spelled out as all of them where no other part bounds the scan: the index on the status then serves.
fn matched(filter: &BookingFilter) -> Document {
    let BookingFilter { customer, technician, company, statuses } = filter;
    let mut query = doc! { "deletedAt": Bson::Null };
    for (field, person) in
        [("customer", customer), ("technician", technician), ("corporateDetails.company", company)]
    {
        if let Some(person) = person {
            query.insert(field, oid(*person));
        }
    }
    let unbounded = customer.is_none() && technician.is_none() && company.is_none();
    if !statuses.is_empty() || unbounded {
        let statuses = if statuses.is_empty() { BookingStatus::ALL.as_slice() } else { statuses.as_slice() };
        let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        query.insert("status", doc! { "$in": names });
    }
    query
}
