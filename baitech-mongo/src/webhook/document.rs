//! The stored form of a webhook call.

use std::convert::Infallible;

use baitech_core::kernel::Id;
use baitech_core::transaction::PaymentMethod;
use baitech_core::{
    payment::{Webhook, WebhookRecord, WebhookStatus},
    transaction::Transaction,
};
use bson::Binary;
use bson::spec::BinarySubtype;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{FromInto, serde_as, serde_conv, skip_serializing_none};

use crate::value::{Millis, Oid, Whole, stored_form};

/// One document of `webhooks`. No `Debug`, since token, headers and body are confidential.
#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "WebhookRecord", rename_all = "camelCase")]
pub(super) struct StoredWebhook {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<Webhook>,
    token: String,
    #[serde_as(as = "Vec<FromInto<Header>>")]
    headers: Vec<(String, String)>,
    #[serde_as(as = "Bytes")]
    body: Vec<u8>,
    #[serde_as(as = "Millis")]
    received_at: DateTime<Utc>,
    status: WebhookStatus,
    reason: Option<String>,
    method: Option<PaymentMethod>,
    #[serde_as(as = "Option<Oid>")]
    transaction: Option<Id<Transaction>>,
    #[serde_as(as = "Whole")]
    attempts: u32,
    #[serde_as(as = "Option<Millis>")]
    next_at: Option<DateTime<Utc>>,
    /// Only in calls that are handled.
    #[serde_as(as = "Option<Millis>")]
    expires_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Millis")]
    updated_at: DateTime<Utc>,
}

stored_form!(StoredWebhook of WebhookRecord);

#[derive(Serialize, Deserialize)]
struct Header {
    name: String,
    value: String,
}

impl From<(String, String)> for Header {
    fn from((name, value): (String, String)) -> Self {
        Self { name, value }
    }
}

impl From<Header> for (String, String) {
    fn from(header: Header) -> Self {
        (header.name, header.value)
    }
}

serde_conv!(
    Bytes,
    Vec<u8>,
    |bytes: &Vec<u8>| Binary { subtype: BinarySubtype::Generic, bytes: bytes.clone() },
    |binary: Binary| Ok::<_, Infallible>(binary.bytes)
);
