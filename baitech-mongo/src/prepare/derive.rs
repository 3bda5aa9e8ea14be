//! Steps of the preparation that continue the number series, and functions that other steps share.

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

/// The format of booking or transaction numbers: letters, the digits of the period, a sequence number.
struct Numbers {
    collection: &'static str,
    field: &'static str,
    letters: &'static str,
    digits_of_period: i32,
    /// The first part of the name of a series, such as `booking.2511`. The second part is the period.
    series: &'static str,
}

/// Continues the series of each month after its last stored booking number. A booking number consists of
/// `BK`, four digits of the month, and a sequence number.
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

/// Continues the series of each day after its last stored transaction number. A transaction number consists
/// of `TXN`, six digits of the day, and a sequence number.
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
    // The sequence number has six digits, with leading zeros; from 1,000,000 on, it has 7 to 12 digits.
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

/// All documents of a collection, in the order of their ids.
pub(super) async fn in_order(database: &Database, collection: &str) -> Result<Cursor<RawDocumentBuf>, Error> {
    let documents = database.collection::<RawDocumentBuf>(collection);
    documents.find(doc! {}).sort(doc! { "_id": 1 }).await
}

/// Reads a document. Unreadable fields are added to the report; an unreadable document is added too, and
/// `None` is returned.
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
