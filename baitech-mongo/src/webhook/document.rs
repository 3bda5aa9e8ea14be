//! The stored form of a webhook call.

use baitech_core::booking::PaymentMethod;
use baitech_core::kernel::Id;
use baitech_core::payment::{Transaction, Webhook, WebhookRecord, WebhookStatus};
use bson::Binary;
use bson::spec::BinarySubtype;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{serde_as, skip_serializing_none};

use crate::value::{Millis, Oid, Whole};

/// One document of `webhooks`. No `Debug`, since token, headers and body are confidential.
#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WebhookDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<Webhook>,
    token: String,
    headers: Vec<Header>,
    body: Binary,
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

#[derive(Serialize, Deserialize)]
struct Header {
    name: String,
    value: String,
}

impl From<Webhook> for WebhookDocument {
    fn from(webhook: Webhook) -> Self {
        let WebhookRecord {
            id,
            token,
            headers,
            body,
            received_at,
            status,
            reason,
            method,
            transaction,
            attempts,
            next_at,
            expires_at,
            updated_at,
        } = webhook.into_record();
        let headers = headers.into_iter().map(|(name, value)| Header { name, value }).collect();
        Self {
            id,
            token,
            headers,
            body: Binary { subtype: BinarySubtype::Generic, bytes: body },
            received_at,
            status,
            reason,
            method,
            transaction,
            attempts,
            next_at,
            expires_at,
            updated_at,
        }
    }
}

impl WebhookDocument {
    pub(super) fn into_webhook(self) -> Webhook {
        let Self {
            id,
            token,
            headers,
            body,
            received_at,
            status,
            reason,
            method,
            transaction,
            attempts,
            next_at,
            expires_at,
            updated_at,
        } = self;
        Webhook::from_record(WebhookRecord {
            id,
            token,
            headers: headers.into_iter().map(|header| (header.name, header.value)).collect(),
            body: body.bytes,
            received_at,
            status,
            reason,
            method,
            transaction,
            attempts,
            next_at,
            expires_at,
            updated_at,
        })
    }
}
