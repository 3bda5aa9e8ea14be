//! The database of the benchmarks: the bookings of an application that has run for a while.

use std::sync::atomic::{AtomicU64, Ordering};

use baitech::{booking::Booking, kernel::Id};
use baitech_mongo::{MongoStore, testing::BookingDocument};
use bson::{Bson, DateTime, Document, oid::ObjectId};
use mongodb::Collection;
use serde_json::Value;

use crate::Result;

/// Real bookings of the earlier application, six in each status.
const REAL_BOOKINGS: &str = include_str!("../../examples/data/bookings.json");
const COPIES: usize = 50;
const HOUR_MILLIS: i64 = 3_600_000;

/// A store and its documents.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) store: MongoStore,
    pub(crate) ids: Vec<Id<Booking>>,
    real_bookings: Vec<Document>,
    last_number: AtomicU64,
}

impl History {
    /// Fills an empty database.
    pub(crate) async fn fill(store: MongoStore) -> Result<Self> {
        // Opens the store while the database is empty: bookings that bypass the store have no claims.
        store.prepare().await?;
        let real_bookings = REAL_BOOKINGS.lines().map(parse).collect::<Result<Vec<_>>>()?;
        let mut history = Self { store, ids: Vec::new(), real_bookings, last_number: AtomicU64::new(0) };
        for age in 0..COPIES {
            let mut copies = Vec::new();
            for booking in &history.real_bookings {
                let mut copy = history.copy(booking);
                let created_at = booking.get_datetime("createdAt")?.timestamp_millis();
                let earlier = HOUR_MILLIS.saturating_mul(i64::try_from(age)?);
                copy.insert("createdAt", DateTime::from_millis(created_at.saturating_sub(earlier)));
                copies.push(copy);
            }
            history.documents().insert_many(&copies).await?;
            let ids = copies.iter().map(|copy| Ok(Id::from_bytes(copy.get_object_id("_id")?.bytes())));
            history.ids.extend(ids.collect::<Result<Vec<_>>>()?);
        }
        Ok(history)
    }

    /// A real booking in a status.
    pub(crate) fn real_booking(&self, status: &str) -> Result<&Document> {
        let found =
            self.real_bookings.iter().find(|booking| booking.get_str("status").is_ok_and(|is| is == status));
        found.ok_or_else(|| format!("no booking is {status}").into())
    }

    /// The same booking under another id and number.
    pub(crate) fn copy(&self, booking: &Document) -> Document {
        let number = self.last_number.fetch_add(1, Ordering::Relaxed);
        let mut copy = booking.clone();
        copy.insert("_id", ObjectId::new());
        copy.insert("bookingNumber", format!("BK{number:010}"));
        copy
    }

    /// The bookings as documents, for the bare driver.
    pub(crate) fn documents(&self) -> Collection<Document> {
        self.store.database().collection("bookings")
    }

    /// The bookings in the struct that the store reads, for the bare driver.
    pub(crate) fn bookings(&self) -> Collection<BookingDocument> {
        self.store.database().collection("bookings")
    }
}

fn parse(line: &str) -> Result<Document> {
    match Bson::try_from(serde_json::from_str::<Value>(line)?)? {
        Bson::Document(document) => Ok(document),
        other => Err(format!("{other} is not a document").into()),
    }
}
