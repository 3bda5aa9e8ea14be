//! The steps.

use baitech_core::account::User;
use baitech_core::booking::{Booking, BookingNumber};
use baitech_core::store::{AggregateRef, Claim};
use bson::{DateTime, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::error::Error;
use mongodb::{Cursor, Database};
use serde::Deserialize;

use super::PrepareReport;
use super::batch::Batch;
use crate::codec::Aggregate;
use crate::load::corrupt;
use crate::{counters, user};

/// A series above this has hardly any of its 999,999 numbers left.
const MANY: i64 = 990_000;

#[derive(Debug, Deserialize)]
struct LastNumber {
    #[serde(rename = "_id")]
    month: String,
    last: i64,
}

/// Booking numbers are `BK`, four digits of the month, six of the series: each series goes on above its last number.
pub(super) async fn series(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let digits = |from: i32, count: i32| doc! { "$substrBytes": ["$bookingNumber", from, count] };
    let stages = [
        doc! { "$match": { "bookingNumber": { "$regex": "^BK[0-9]{10}$" } } },
        doc! { "$group": { "_id": digits(2, 4), "last": { "$max": { "$toLong": digits(6, 6) } } } },
        doc! { "$sort": { "_id": 1 } },
    ];
    let bookings = database.collection::<Document>(Booking::COLLECTION);
    let mut months = bookings.aggregate(stages).with_type::<LastNumber>().await?;
    while let Some(LastNumber { month, last }) = months.try_next().await? {
        let series = format!("booking.{month}");
        counters::raise(database, &series, last).await?;
        if last > MANY && series >= BookingNumber::series(DateTime::now().to_chrono()) {
            tracing::warn!(series, last, "a number series is nearly used up");
            report.nearly_full.push((series.clone(), last));
        }
        report.series.push((series, last));
    }
    Ok(())
}

/// Every phone number belongs to one user, in whichever form it is stored.
pub(super) async fn phone_claims(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let mut batch = Batch::new(database);
    let mut users = in_order(database, User::COLLECTION).await?;
    while let Some(raw) = users.try_next().await? {
        report.users = report.users.saturating_add(1);
        let Some(user) = readable::<User>(&raw, report) else { continue };
        batch.add([user::phone_claim(AggregateRef::User(user.id), &user.phone)], report).await?;
    }
    batch.flush(report).await
}

/// Every booking that is promised or under way holds its technician's time.
pub(super) async fn booking_claims(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let mut batch = Batch::new(database);
    let mut bookings = in_order(database, Booking::COLLECTION).await?;
    while let Some(raw) = bookings.try_next().await? {
        report.bookings = report.bookings.saturating_add(1);
        let Some(booking) = readable::<Booking>(&raw, report) else { continue };
        let Some(technician) = booking.technician.filter(|_| booking.status.holds_time()) else { continue };
        let holder = AggregateRef::Booking(booking.id);
        let keys = booking.slot.claim_keys(technician);
        batch.add(keys.into_iter().map(|key| Claim { key, holder }), report).await?;
    }
    batch.flush(report).await
}

async fn in_order(database: &Database, collection: &str) -> Result<Cursor<RawDocumentBuf>, Error> {
    let documents = database.collection::<RawDocumentBuf>(collection);
    documents.find(doc! {}).sort(doc! { "_id": 1 }).await
}

fn readable<A: Aggregate>(raw: &RawDocumentBuf, report: &mut PrepareReport) -> Option<A> {
    let decoded = A::decode(raw);
    decoded.map_err(|reason| report.unreadable.push(corrupt(A::COLLECTION, raw, &reason).to_string())).ok()
}
