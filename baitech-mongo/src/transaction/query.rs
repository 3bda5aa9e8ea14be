//! The filters and stages of the queries on transactions.

use baitech_core::kernel::Id;
use baitech_core::transaction::{
    HistoryQuery, TransactionFilter, TransactionKind, TransactionNumber, TransactionStatus,
};
use bson::{Bson, DateTime, Document, doc};
use chrono::{DateTime as Instant, Utc};

use super::legacy::REFERENCES;
use crate::money::DEFAULT_CURRENCY;
use crate::page::newest_first;
use crate::value::oid;

/// The sort key of lists of transactions.
pub(super) const CREATED_AT: &str = "createdAt";

pub(super) fn by_number(number: &TransactionNumber) -> Document {
    doc! { "transactionNumber": number.as_str() }
}

pub(super) fn by_token(token: &str) -> Document {
    doc! { "gateway.token": token }
}

pub(super) fn by_reference(reference: &str) -> Document {
    doc! { "gateway.reference": reference }
}

/// Matches transactions of the earlier application without our `gateway`.
pub(super) fn by_legacy_reference(reference: &str) -> Document {
    let fields: Vec<Document> = REFERENCES.iter().map(|field| doc! { *field: reference }).collect();
    doc! { "$or": fields, "gateway": Bson::Null }
}

/// The index that returns a list in its order. Without a hint, the server may choose one that requires a
/// sort.
pub(super) fn index_of(filter: &TransactionFilter) -> Document {
    let TransactionFilter { payer, payee, booking, method, flagged, .. } = filter;
    let bound = [
        (booking.is_some(), "booking"),
        (*flagged, "needsPerson"),
        (payer.is_some(), "payer"),
        (payee.is_some(), "payee"),
    ];
    let mut keys = match bound.into_iter().find(|(given, _)| *given) {
        Some((_, field)) => doc! { field: 1 },
        None if method.is_some() => doc! { "paymentMethod": 1, "status": 1 },
        None => doc! { "status": 1 },
    };
    keys.extend(newest_first(CREATED_AT));
    keys
}

/// Counts and sums by kind, status and currency. A double of the earlier application counts with its fifteen
/// exact digits.
pub(super) fn totals(filter: &TransactionFilter) -> [Document; 2] {
    let currency = doc! { "$ifNull": ["$amount.currency", DEFAULT_CURRENCY.code()] };
    let gross = doc! { "$convert": { "input": "$amount.gross", "to": "decimal", "onError": 0, "onNull": 0 } };
    let group = doc! {
        "_id": { "kind": "$type", "status": "$status", "currency": currency },
        "count": { "$sum": 1 },
        "gross": { "$sum": gross },
    };
    [doc! { "$match": matched(filter) }, doc! { "$group": group }]
}

/// If no other condition bounds the scan, "any status" is written as a list of all statuses, so that the
/// server can use an index on the status.
pub(super) fn matched(filter: &TransactionFilter) -> Document {
    let TransactionFilter { payer, payee, booking, kinds, statuses, method, from, until, flagged } = filter;
    let mut query = Document::new();
    if let Some(payer) = payer {
        query.insert("payer", oid(*payer));
    }
    if let Some(payee) = payee {
        query.insert("payee", oid(*payee));
    }
    if let Some(booking) = booking {
        query.insert("booking", oid(*booking));
    }
    if *flagged {
        query.insert("needsPerson", true);
    }
    let unbounded = query.is_empty();
    if let Some(method) = method {
        query.insert("paymentMethod", method.as_str());
    }
    if !kinds.is_empty() {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        query.insert("type", doc! { "$in": names });
    }
    if !statuses.is_empty() || unbounded {
        let statuses = if statuses.is_empty() { &TransactionStatus::ALL[..] } else { statuses.as_slice() };
        let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        query.insert("status", doc! { "$in": names });
    }
    let mut period = Document::new();
    if let Some(from) = from {
        period.insert("$gte", at_or_after(*from));
    }
    if let Some(until) = until {
        period.insert("$lt", at_or_after(*until));
    }
    if !period.is_empty() {
        query.insert(CREATED_AT, period);
    }
    query
}

/// The first stored time that is not before a given time: stored times are whole milliseconds.
fn at_or_after(moment: Instant<Utc>) -> DateTime {
    let cut = DateTime::from_chrono(moment);
    if cut.to_chrono() < moment {
        DateTime::from_millis(cut.timestamp_millis().saturating_add(1))
    } else {
        cut
    }
}

/// The payments of the payer that may count, for use with [`history_fields`].
pub(super) fn history(query: &HistoryQuery) -> Document {
    let HistoryQuery { payer, attempts_since, failures_since, settled_since, .. } = query;
    let earliest = attempts_since.min(failures_since).min(settled_since);
    doc! {
        "payer": oid(*payer),
        "type": { "$in": incoming() },
        CREATED_AT: { "$gte": at_or_after(*earliest) },
    }
}

/// The fields of a payment that the history needs.
pub(super) fn history_fields() -> Document {
    doc! { "_id": 0, "status": 1, "createdAt": 1, "amount.gross": 1, "amount.currency": 1 }
}

/// The other payers with this address or device, each once.
pub(super) fn sharing(
    field: &str,
    value: &str,
    payer: Id<baitech_core::account::User>,
    since: Instant<Utc>,
) -> [Document; 2] {
    let shared = doc! {
        field: value,
        CREATED_AT: { "$gte": at_or_after(since) },
        "type": { "$in": incoming() },
        "payer": { "$type": "objectId", "$ne": oid(payer) },
    };
    [doc! { "$match": shared }, doc! { "$group": { "_id": "$payer" } }]
}

fn incoming() -> Vec<&'static str> {
    TransactionKind::ALL.iter().filter(|kind| kind.is_incoming()).map(|kind| kind.as_str()).collect()
}
