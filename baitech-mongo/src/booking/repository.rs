//! Queries on bookings.

use async_trait::async_trait;
use baitech_core::booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus};
use baitech_core::kernel::{Code, Cursor, Id, Page, PageRequest, Violation};
use baitech_core::store::{StoreError, Stored};
use bson::{Bson, DateTime, Document, RawDocument, doc};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_with::serde_as;

use crate::MongoStore;
use crate::codec::Aggregate;
use crate::load::read_page;
use crate::page::{id_of, limit_of};
use crate::server_error::unavailable;
use crate::value::{Lenient, Whole, oid};

#[serde_as]
#[derive(Debug, Deserialize)]
struct StatusCount {
    /// None for a status that is not known.
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
        let after = page.cursor().map(Position::parse).transpose().map_err(StoreError::Cursor)?;
        let bookings = self.raw(Booking::COLLECTION);
        let found = bookings.find(listed(filter, after)).sort(newest_first()).limit(limit_of(page));
        read_page(found.await.map_err(unavailable)?, page, |booking| Position::of(booking).cursor()).await
    }

    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError> {
        let bookings = self.raw(Booking::COLLECTION);
        let counted =
            bookings.aggregate(counted(filter)).with_type::<StatusCount>().await.map_err(unavailable)?;
        let counts: Vec<StatusCount> = counted.try_collect().await.map_err(unavailable)?;
        let known = counts.into_iter().filter_map(|count| Some((count.status?, count.count)));
        let mut counts: Vec<(BookingStatus, u64)> = known.collect();
        counts.sort_unstable();
        Ok(counts)
    }
}

/// Where a page begins: after a booking of this time and id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    /// The stored time of creation. A booking that the earlier application left without one comes after all others.
    created_at: Option<DateTime>,
    id: Id<Booking>,
}

/// What a cursor says in place of a time that is missing.
const NO_TIME: &str = "none";

impl Position {
    fn of(booking: &RawDocument) -> Self {
        Self { created_at: booking.get_datetime("createdAt").ok(), id: id_of(booking) }
    }

    fn cursor(self) -> Cursor {
        match self.created_at {
            Some(time) => Cursor::new(time.timestamp_millis(), self.id),
            None => Cursor::new(NO_TIME, self.id),
        }
    }

    fn parse(cursor: &Cursor) -> Result<Self, Violation> {
        let (time, id) = cursor.parts::<String, Id<Booking>>()?;
        if time == NO_TIME {
            return Ok(Self { created_at: None, id });
        }
        let millis = time
            .parse()
            .map_err(|_| Violation::new("cursor", Code::Malformed, "this is not a cursor of this list"))?;
        Ok(Self { created_at: Some(DateTime::from_millis(millis)), id })
    }
}

pub(crate) fn by_number(number: &BookingNumber) -> Document {
    doc! { "bookingNumber": number.as_str() }
}

pub(crate) fn newest_first() -> Document {
    doc! { "createdAt": -1, "_id": 1 }
}

pub(crate) fn listed(filter: &BookingFilter, after: Option<Position>) -> Document {
    let mut query = matched(filter);
    let Some(Position { created_at, id }) = after else { return query };
    let later_id = doc! { "$gt": oid(id) };
    let Some(created_at) = created_at else {
        query.extend(doc! { "createdAt": Bson::Null, "_id": later_id });
        return query;
    };
    // Implied by what follows, this bounds the index scan.
    query.insert("createdAt", doc! { "$not": { "$gt": created_at } });
    let older = doc! { "createdAt": { "$lt": created_at } };
    let same_time = doc! { "createdAt": created_at, "_id": later_id };
    query.insert("$or", [older, same_time, doc! { "createdAt": Bson::Null }]);
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
