//! The stored form of a ledger entry.

use baitech_core::kernel::{Id, Money};
use baitech_core::ledger::{Account, Entry, EntryRecord, Posting};
use bson::RawDocumentBuf;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::serde_as;

use crate::aggregate_ref::StoredRef;
use crate::codec::Unreadable;
use crate::money::currency;
use crate::value::{Millis, Number128, Oid};

/// One document of `ledger`.
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EntryDocument {
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
#[derive(Debug, Serialize, Deserialize)]
struct StoredPosting {
    account: Account,
    #[serde_as(as = "Number128")]
    amount: Decimal,
    /// ISO 4217.
    currency: String,
}

pub(crate) fn encode(entry: Entry) -> Result<RawDocumentBuf, bson::error::Error> {
    let EntryRecord { id, cause, description, at, postings } = entry.into_record();
    let posting = |Posting { account, amount }: Posting| StoredPosting {
        account,
        amount: amount.amount(),
        currency: amount.currency().code().to_owned(),
    };
    let postings = postings.into_iter().map(posting).collect();
    bson::serialize_to_raw_document_buf(&EntryDocument { id, cause: cause.into(), description, at, postings })
}

impl EntryDocument {
    pub(super) fn into_entry(self) -> Result<Entry, Unreadable> {
        let Self { id, cause, description, at, postings } = self;
        let posting = |StoredPosting { account, amount, currency: code }: StoredPosting| {
            Ok(Posting { account, amount: Money::new(amount, currency(&code)?) })
        };
        let postings = postings.into_iter().map(posting).collect::<Result<_, Unreadable>>();
        let postings = postings.map_err(|error| error.in_field("postings"))?;
        let record = EntryRecord { id, cause: cause.into(), description, at, postings };
        Entry::new(record).map_err(|error| Unreadable::new(error.to_string()))
    }
}
