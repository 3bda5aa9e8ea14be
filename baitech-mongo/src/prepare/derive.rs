//! The steps.

use baitech_core::booking::Booking;
use baitech_core::transaction::Transaction;
use bson::{Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::error::Error;
use mongodb::{Cursor, Database};
use serde::Deserialize;

use super::PrepareReport;
use crate::codec::Aggregate;
use crate::counters;
use crate::load::corrupt;

#[derive(Debug, Deserialize)]
struct LastNumber {
    #[serde(rename = "_id")]
    period: String,
    last: i64,
}

/// The format of a kind of numbers: letters, digits of the period, digits of the series.
struct Numbers {
    collection: &'static str,
    field: &'static str,
    letters: &'static str,
    digits_of_period: i32,
    /// The prefix of a series' name, before the period.
    series: &'static str,
}

/// Booking numbers are `BK`, four digits of the month, and those of the series: each series continues above
/// its last number.
pub(super) async fn booking_numbers(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let numbers = Numbers {
        collection: Booking::COLLECTION,
        field: "bookingNumber",
        letters: "BK",
        digits_of_period: 4,
        series: "booking",
    };
    continue_above(database, numbers, report).await
}

/// Transaction numbers are `TXN`, six digits of the day, and those of the series.
pub(super) async fn transaction_numbers(
    database: &Database,
    report: &mut PrepareReport,
) -> Result<(), Error> {
    let numbers = Numbers {
        collection: Transaction::COLLECTION,
        field: "transactionNumber",
        letters: "TXN",
        digits_of_period: 6,
        series: "transaction",
    };
    continue_above(database, numbers, report).await
}

async fn continue_above(
    database: &Database,
    numbers: Numbers,
    report: &mut PrepareReport,
) -> Result<(), Error> {
    let Numbers { collection, field, letters, digits_of_period, series: name } = numbers;
    let start = i32::try_from(letters.len()).unwrap_or(i32::MAX);
    let value = format!("${field}");
    let digits = |from: i32, count: i32| doc! { "$substrBytes": [&value, from, count] };
    let period = digits(start, digits_of_period);
    let of_series = doc! { "$toLong": digits(start.saturating_add(digits_of_period), -1) };
    // The series has six digits, or more without a leading zero after the first 999,999 numbers.
    let form = format!("^{letters}[0-9]{{{digits_of_period}}}([0-9]{{6}}|[1-9][0-9]{{6,11}})$");
    let stages = [
        doc! { "$match": { field: { "$regex": form } } },
        doc! { "$group": { "_id": period, "last": { "$max": of_series } } },
        doc! { "$sort": { "_id": 1 } },
    ];
    let documents = database.collection::<Document>(collection);
    let mut periods = documents.aggregate(stages).with_type::<LastNumber>().await?;
    while let Some(LastNumber { period, last }) = periods.try_next().await? {
        let series = format!("{name}.{period}");
        counters::raise(database, &series, last).await?;
        report.series.push((series, last));
    }
    Ok(())
}

pub(super) async fn in_order(database: &Database, collection: &str) -> Result<Cursor<RawDocumentBuf>, Error> {
    let documents = database.collection::<RawDocumentBuf>(collection);
    documents.find(doc! {}).sort(doc! { "_id": 1 }).await
}

/// Reads a document; unreadable documents and fields are added to the report.
pub(super) fn readable<A: Aggregate>(raw: &RawDocumentBuf, report: &mut PrepareReport) -> Option<A> {
    report.watch.step();
    match A::read(raw) {
        Ok(read) => {
            report.add_odd(raw, &read);
            Some(read.value)
        }
        Err(reason) => {
            report.unreadable.push(corrupt(A::COLLECTION, raw, &reason).to_string());
            None
        }
    }
}
