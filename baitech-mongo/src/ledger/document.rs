//! An entry as it is stored.

use baitech_core::kernel::Id;
use baitech_core::ledger::{Account, Entry, EntryRecord, Posting};
use bson::RawDocumentBuf;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_with::serde_as;

use crate::aggregate_ref::StoredRef;
use crate::value::{Millis, Number128, Oid};

/// One document of `ledger`.
#[serde_as]
#[derive(Debug, Serialize)]
struct EntryDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<Entry>,
    cause: StoredRef,
    description: String,
    #[serde_as(as = "Millis")]
    at: DateTime<Utc>,
    postings: Vec<StoredPosting>,
}

#[serde_as]
#[derive(Debug, Serialize)]
struct StoredPosting {
    account: Account,
    #[serde_as(as = "Number128")]
    amount: Decimal,
    /// ISO 4217.
    currency: &'static str,
}

pub(crate) fn encode(entry: Entry) -> Result<RawDocumentBuf, bson::error::Error> {
    let EntryRecord { id, cause, description, at, postings } = entry.into_record();
    let posting = |Posting { account, amount }: Posting| StoredPosting {
        account,
        amount: amount.amount(),
        currency: amount.currency().code(),
    };
    let postings = postings.into_iter().map(posting).collect();
    bson::serialize_to_raw_document_buf(&EntryDocument { id, cause: cause.into(), description, at, postings })
}
