//! Job counts of technicians from the earlier application or an earlier version.

use std::collections::BTreeMap;

use baitech_core::account::User;
use baitech_core::booking::{Booking, BookingStatus};
use baitech_core::kernel::Id;
use bson::{Bson, DateTime, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::error::Error;

use super::PrepareReport;
use crate::codec::Aggregate;
use crate::user::{JOBS, oldest_kept};
use crate::value::oid;

/// Counts every technician's recent and future jobs. Later commits maintain the counts; until this has run,
/// commits are refused, so that nothing changes meanwhile.
pub(super) async fn count(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let oldest = oldest_kept(DateTime::now().to_chrono().date_naive());
    let statuses: Vec<&str> =
        BookingStatus::ALL.into_iter().filter(|status| status.is_job()).map(BookingStatus::as_str).collect();
    let bookings = database.collection::<RawDocumentBuf>(Booking::COLLECTION);
    let jobs = doc! { "status": { "$in": statuses }, "technician": { "$ne": Bson::Null } };
    let mut found = bookings.find(jobs).await?;
    let mut counts: BTreeMap<Id<User>, BTreeMap<String, i32>> = BTreeMap::new();
    while let Some(raw) = found.try_next().await? {
        // Another step reports unreadable bookings; they do not count as jobs.
        let Ok(booking) = Booking::decode(&raw) else { continue };
        let Some((technician, day)) = booking.job().filter(|(_, day)| *day >= oldest) else { continue };
        let count = counts.entry(technician).or_default().entry(day.to_string()).or_default();
        *count = count.saturating_add(1);
        report.jobs = report.jobs.saturating_add(1);
    }
    let users = database.collection::<Document>(User::COLLECTION);
    for (technician, days) in counts {
        let days: Document = days.into_iter().map(|(day, count)| (day, Bson::from(count))).collect();
        users.update_one(doc! { "_id": oid(technician) }, doc! { "$set": { JOBS: days } }).await?;
    }
    Ok(())
}
