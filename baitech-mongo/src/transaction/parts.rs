//! The parts of a transaction's document.
//!
//! A nested document that may be missing has only optional fields: the earlier application may have stored it
//! incompletely.

use baitech_core::account::User;
use baitech_core::kernel::{Currency, ElementId, Id, Money};
use baitech_core::transaction::PaymentMethod;
use baitech_core::transaction::{self, FraudDecision, MismatchKind, MoveDoubt, MoveState, Transaction};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::{DefaultOnNull, FromInto, serde_as, skip_serializing_none};

use crate::money::money;
use crate::value::{Finite, Iso4217, Millis, Number128, Oid, Real, Whole, stored_form};

/// A missing line reads as zero; there is no amount without the gross.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Amount {
    #[serde_as(as = "Number128")]
    pub(super) gross: Decimal,
    #[serde_as(as = "Option<Number128>")]
    pub(super) platform_fee: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) processing_fee: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) tax: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) net: Option<Decimal>,
    /// ISO 4217; KES if missing.
    #[serde_as(as = "Option<Iso4217>")]
    pub(super) currency: Option<Currency>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Split {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    pub(super) element: ElementId,
    #[serde_as(as = "Option<Oid>")]
    pub(super) recipient: Option<Id<User>>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) amount: Option<Decimal>,
    /// Percent.
    #[serde_as(as = "Option<Real>")]
    pub(super) percentage: Option<Decimal>,
    pub(super) description: Option<String>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Escrow {
    pub(super) held: Option<bool>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) held_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) released_at: Option<DateTime<Utc>>,
    pub(super) release_condition: Option<String>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) frozen: Option<Decimal>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refund {
    #[serde(rename = "_id", default, skip_serializing_if = "Option::is_none")]
    #[serde_as(as = "Option<Oid>")]
    pub(super) element: ElementId,
    #[serde_as(as = "Option<Oid>")]
    pub(super) transaction: Option<Id<Transaction>>,
    #[serde_as(as = "Number128")]
    pub(super) amount: Decimal,
    pub(super) portions: Portions,
    pub(super) reason: String,
    #[serde_as(as = "Millis")]
    pub(super) refunded_at: DateTime<Utc>,
}

#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Portions {
    #[serde_as(as = "Number128")]
    pub(super) payout: Decimal,
    #[serde_as(as = "Number128")]
    pub(super) platform: Decimal,
    #[serde_as(as = "Number128")]
    pub(super) processing: Decimal,
    #[serde_as(as = "Number128")]
    pub(super) withholding: Decimal,
}

/// No `Debug`, since token, phone and account are confidential.
#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "transaction::GatewayLink", rename_all = "camelCase")]
pub(super) struct Gateway {
    token: Option<String>,
    provider: Option<PaymentMethod>,
    reference: Option<String>,
    receipt: Option<String>,
    phone: Option<String>,
    account: Option<String>,
    /// Always written, so that the document is never empty.
    #[serde_as(as = "DefaultOnNull<Whole>")]
    #[serde(default)]
    attempts: u32,
    #[serde_as(as = "Option<Millis>")]
    sent_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    next_at: Option<DateTime<Utc>>,
    #[serde_as(as = "DefaultOnNull<Whole>")]
    #[serde(default, skip_serializing_if = "is_zero")]
    queries: u32,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "is_false")]
    manual_capture: bool,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "is_false")]
    counts_as_open: bool,
    #[serde_as(as = "Option<Millis>")]
    authorized_at: Option<DateTime<Utc>>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "is_false")]
    awaits_confirmation: bool,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "is_false")]
    needs_person: bool,
}

stored_form!(Gateway of transaction::GatewayLink);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fraud {
    /// Without a score and a decision there was no check.
    #[serde_as(as = "Option<Whole>")]
    pub(super) score: Option<u8>,
    pub(super) decision: Option<FraudDecision>,
    /// Whether it was not approved automatically; for readers of the earlier layout.
    pub(super) flagged: Option<bool>,
    /// The earlier application wrote free text here, which reads as no reasons.
    #[serde_as(as = "Option<Vec<FraudReason>>")]
    pub(super) reasons: Option<Vec<transaction::FraudReason>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) checked_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<FraudReview>")]
    pub(super) review: Option<transaction::FraudReview>,
}

#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "transaction::FraudReason")]
pub(super) struct FraudReason {
    rule: String,
    #[serde_as(as = "Whole")]
    points: u8,
    explanation: String,
}

stored_form!(FraudReason of transaction::FraudReason);

#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "transaction::FraudReview", rename_all = "camelCase")]
pub(super) struct FraudReview {
    approved: bool,
    #[serde_as(as = "Oid")]
    reviewed_by: Id<User>,
    #[serde_as(as = "Millis")]
    reviewed_at: DateTime<Utc>,
}

stored_form!(FraudReview of transaction::FraudReview);

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settlement {
    /// Whether it has a date; for readers of the earlier layout.
    pub(super) scheduled: Option<bool>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) scheduled_for: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) settled_at: Option<DateTime<Utc>>,
    #[serde_as(as = "Option<Oid>")]
    pub(super) payout: Option<Id<Transaction>>,
    pub(super) batch: Option<String>,
    pub(super) instant: Option<bool>,
}

/// A receipt or an invoice; without a number it does not exist.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stamp {
    /// For readers of the earlier layout.
    pub(super) generated: Option<bool>,
    pub(super) number: Option<String>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) generated_at: Option<DateTime<Utc>>,
}

/// Without a reference it is not reconciled.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reconciliation {
    /// For readers of the earlier layout.
    pub(super) reconciled: Option<bool>,
    #[serde_as(as = "Option<Millis>")]
    pub(super) reconciled_at: Option<DateTime<Utc>>,
    pub(super) reference: Option<String>,
    #[serde_as(as = "Option<Number128>")]
    pub(super) discrepancy: Option<Decimal>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "transaction::Mismatch", rename_all = "camelCase")]
pub(super) struct Mismatch {
    kind: MismatchKind,
    #[serde_as(as = "Option<FromInto<Priced>>")]
    received: Option<Money>,
    receipt: Option<String>,
    #[serde_as(as = "Millis")]
    at: DateTime<Utc>,
    #[serde_as(as = "Option<FromInto<Decided>>")]
    decided: Option<(DateTime<Utc>, Id<User>)>,
}

stored_form!(Mismatch of transaction::Mismatch);

#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct Decided {
    #[serde_as(as = "Millis")]
    at: DateTime<Utc>,
    #[serde_as(as = "Oid")]
    by: Id<User>,
}

impl From<(DateTime<Utc>, Id<User>)> for Decided {
    fn from((at, by): (DateTime<Utc>, Id<User>)) -> Self {
        Self { at, by }
    }
}

impl From<Decided> for (DateTime<Utc>, Id<User>) {
    fn from(decided: Decided) -> Self {
        (decided.at, decided.by)
    }
}

/// An amount that may have another currency than the transaction.
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct Priced {
    #[serde_as(as = "Number128")]
    amount: Decimal,
    #[serde_as(as = "Iso4217")]
    currency: Currency,
}

impl From<Money> for Priced {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency() }
    }
}

impl From<Priced> for Money {
    fn from(priced: Priced) -> Self {
        money(priced.amount, priced.currency)
    }
}

#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "transaction::Chargeback", rename_all = "camelCase")]
pub(super) struct Chargeback {
    /// The provider's name for it.
    id: String,
    #[serde_as(as = "FromInto<Priced>")]
    amount: Money,
    reason: String,
    #[serde_as(as = "Millis")]
    opened_at: DateTime<Utc>,
    won: Option<bool>,
    #[serde_as(as = "DefaultOnNull")]
    #[serde(default, skip_serializing_if = "is_false")]
    contradicted: bool,
    #[serde_as(as = "Option<Oid>")]
    refund: Option<Id<Transaction>>,
}

stored_form!(Chargeback of transaction::Chargeback);

/// A provider move without our order.
#[skip_serializing_none]
#[serde_as]
#[derive(Serialize, Deserialize)]
#[serde(remote = "transaction::ProviderMove", rename_all = "camelCase")]
pub(super) struct ProviderMove {
    /// The provider's name for it.
    id: Option<String>,
    #[serde_as(as = "Option<FromInto<Priced>>")]
    amount: Option<Money>,
    #[serde_as(as = "Millis")]
    at: DateTime<Utc>,
    state: MoveState,
    doubt: Option<MoveDoubt>,
    #[serde_as(as = "Option<Oid>")]
    transaction: Option<Id<Transaction>>,
    #[serde_as(as = "Option<FromInto<Decided>>")]
    decided: Option<(DateTime<Utc>, Id<User>)>,
}

stored_form!(ProviderMove of transaction::ProviderMove);

/// Why it failed; the time is in `failedAt`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) reason: String,
}

#[skip_serializing_none]
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) ip_address: Option<String>,
    pub(super) device: Option<String>,
    pub(super) location: Option<Place>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Longitude and latitude; fewer elements for an unknown place.
    #[serde_as(as = "Option<Vec<Finite>>")]
    pub(super) coordinates: Option<Vec<f64>>,
}
