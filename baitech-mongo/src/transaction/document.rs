//! The stored form of a transaction: the layout of the earlier application with our additions.

use baitech_core::account::User;
use baitech_core::kernel::{Id, Text};
use baitech_core::transaction::{
    self, GatewayLink, Transaction, TransactionKind, TransactionNumber, TransactionStatus,
};
use baitech_core::{booking::Booking, transaction::PaymentMethod};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_with::{DefaultOnNull, serde_as, skip_serializing_none};

use super::legacy::{LegacyRefund, MpesaDetails, StripeDetails};
use super::parts::{
    Amount, Chargeback, Escrow, Failure, Fraud, Gateway, Metadata, Mismatch, ProviderMove, Reconciliation,
    Refund, Settlement, Split, Stamp,
};
use crate::value::{AsText, Millis, Oid};

/// One document of `transactions`. Amounts without a currency of their own are in the currency of `amount`.
/// No `Debug`, since it contains the token of a callback.
#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    pub(super) id: Id<Transaction>,
    #[serde_as(as = "AsText")]
    pub(super) transaction_number: TransactionNumber,
    #[serde(rename = "type")]
    pub(super) kind: TransactionKind,
    pub(super) status: TransactionStatus,
    #[serde_as(as = "Option<Oid>")]
    pub(super) payer: Option<Id<User>>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) payee: Option<Id<User>>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) booking: Option<Id<Booking>>,
    /// The payment that a refund returns.
    #[serde_as(as = "Option<Oid>")]
    pub(super) original: Option<Id<Transaction>>,
    pub(super) payment_method: PaymentMethod,
    pub(super) amount: Amount,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) splits: Vec<Split>,
    pub(super) escrow: Option<Escrow>,
    /// Missing in documents of the earlier application, which has `refund`; always written.
    pub(super) refunds: Option<Vec<Refund>>,
    /// Missing in documents of the earlier application, which has `mpesaDetails` and `stripeDetails`; always
    /// written.
    #[serde_as(as = "Option<Gateway>")]
    pub(super) gateway: Option<GatewayLink>,
    pub(super) fraud_check: Option<Fraud>,
    pub(super) settlement: Option<Settlement>,
    pub(super) receipt: Option<Stamp>,
    pub(super) invoice: Option<Stamp>,
    pub(super) reconciliation: Option<Reconciliation>,
    #[serde_as(as = "Option<Mismatch>")]
    pub(super) mismatch: Option<transaction::Mismatch>,
    #[serde_as(as = "Option<Chargeback>")]
    pub(super) chargeback: Option<transaction::Chargeback>,
    #[serde_as(as = "DefaultOnNull<Vec<ProviderMove>>")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) provider_moves: Vec<transaction::ProviderMove>,
    pub(super) failure: Option<Failure>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) failed_at: Option<DateTime<Utc>>,
    pub(super) metadata: Option<Metadata>,
    #[serde_as(as = "Option<AsText>")]
    pub(super) reason: Option<Text<500>>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) requested_by: Option<Id<User>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) initiated_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) completed_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) created_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) updated_at: Option<DateTime<Utc>>,
    /// For the index of transactions that wait for a person; never read.
    #[serde(skip_deserializing)]
    pub(super) needs_person: Option<bool>,

    /// Only read, and only if ours is missing.
    #[serde(default, skip_serializing)]
    pub(super) refund: Option<LegacyRefund>,
    /// Only read, and only if ours is missing.
    #[serde(default, skip_serializing)]
    pub(super) mpesa_details: Option<MpesaDetails>,
    /// Only read, and only if ours is missing.
    #[serde(default, skip_serializing)]
    pub(super) stripe_details: Option<StripeDetails>,
}
