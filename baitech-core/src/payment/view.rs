use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Amount, Chargeback, DocumentStamp, EscrowState, Failure, FraudCheck, FraudDecision, GatewayLink,
    Mismatch, PaymentOrigin, ProviderMove, ReconciliationStamp, Refund, SettlementState, Split, Transaction,
    TransactionKind, TransactionNumber, TransactionRecord, TransactionStatus,
};
use crate::{
    account::User,
    booking::{Booking, PaymentMethod},
    kernel::{Actor, Id, Text},
    store::{Stored, Version},
};

/// What one actor sees of a transaction.
///
/// Who pays and who is paid see what moves between them and how far it is. The phone number and the account
/// at the provider are for whose they are; when and how a technician is paid out, for the technician; scores,
/// origins and everything about providers, for staff. The token of the provider's calls is for nobody.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionView {
    /// Its id.
    pub id: Id<Transaction>,
    /// Its number.
    #[serde(rename = "transactionNumber")]
    pub number: TransactionNumber,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: TransactionKind,
    /// How far it is.
    pub status: TransactionStatus,
    /// Who pays; `None` where the platform does.
    pub payer: Option<Id<User>>,
    /// Who is paid; `None` where the platform is.
    pub payee: Option<Id<User>>,
    /// For which booking.
    pub booking: Option<Id<Booking>>,
    /// The payment that a refund gives back.
    pub original: Option<Id<Transaction>>,
    /// How.
    #[serde(rename = "paymentMethod")]
    pub method: PaymentMethod,
    /// How much.
    pub amount: Amount,
    /// Who gets which part.
    pub splits: Vec<Split>,
    /// Where the money lies; what a dispute has taken back of a technician's share, only for the technician
    /// and staff.
    pub escrow: EscrowState,
    /// What was given back.
    pub refunds: Vec<Refund>,
    /// By which means the money comes or goes, for whose they are and staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<PaymentMeans>,
    /// How what was earned is paid out, for who is paid and staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementState>,
    /// The receipt.
    pub receipt: Option<DocumentStamp>,
    /// The invoice.
    pub invoice: Option<DocumentStamp>,
    /// Why it failed, for whose means these are and staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Why, in the words of who asked for it.
    pub reason: Option<Text<500>>,
    /// Who asked for it, where that is this actor, and for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<Id<User>>,
    /// Whether a person has yet to look at it.
    pub under_review: bool,
    /// When it was asked for.
    pub initiated_at: DateTime<Utc>,
    /// When the money moved.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
    /// The version to pin commands to.
    pub version: Version,
    /// What only staff sees.
    #[serde(flatten)]
    pub internals: Option<TransactionInternals>,
}

/// The payer's, or payee's, own means at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentMeans {
    /// The number of the provider's receipt.
    pub receipt: Option<String>,
    /// The phone number that is asked or paid.
    pub phone_number: Option<String>,
    /// The means of payment or the account, as the provider names it; for whose it is alone.
    pub account: Option<String>,
}

/// What only staff sees of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionInternals {
    /// Its counterpart at the provider, without the account: with that somebody could be charged. The token
    /// is never serialised.
    pub gateway: GatewayLink,
    /// How far it looks like a fraud.
    #[serde(rename = "fraudCheck")]
    pub fraud: Option<FraudCheck>,
    /// Where it stands in the provider's statement.
    pub reconciliation: Option<ReconciliationStamp>,
    /// Money that came and is not what was asked for.
    pub mismatch: Option<Mismatch>,
    /// A charge contested with the bank.
    pub chargeback: Option<Chargeback>,
    /// What the provider moved back without our order.
    pub provider_moves: Vec<ProviderMove>,
    /// Where it was asked for.
    #[serde(rename = "metadata")]
    pub origin: PaymentOrigin,
}

impl TransactionView {
    /// What an actor sees of a transaction: who pays, who is paid, who has asked for it, and staff. `None`
    /// for others, who may not know of it.
    #[must_use]
    pub fn new(stored: &Stored<Transaction>, actor: &Actor) -> Option<Self> {
        let transaction = &stored.value;
        let own = |user: Option<Id<User>>| user.is_some() && user == actor.id();
        if !(transaction.is_visible_to(actor) || own(transaction.requested_by)) {
            return None;
        }
        let under_review = transaction.needs_person();
        let TransactionRecord {
            id,
            number,
            kind,
            status,
            payer,
            payee,
            booking,
            original,
            method,
            amount,
            splits,
            mut escrow,
            refunds,
            mut gateway,
            fraud,
            settlement,
            receipt,
            invoice,
            reconciliation,
            mismatch,
            chargeback,
            provider_moves,
            mut failure,
            origin,
            reason,
            requested_by,
            initiated_at,
            completed_at,
            created_at,
            updated_at,
        } = transaction.clone().into_record();
        let is_staff = actor.is_staff();
        let is_paid = is_staff || own(payee);
        let are_own = own(if kind.is_incoming() { payer } else { payee });
        let owns_means = is_staff || are_own;
        if !is_paid {
            escrow.frozen = None;
        }
        if let Some(failure) = failure.as_mut().filter(|_| !is_staff)
            && fraud.as_ref().is_some_and(|fraud| fraud.decision == FraudDecision::Block)
        {
            // Who is blocked does not learn by whom.
            "declined".clone_into(&mut failure.code);
        }
        let means = PaymentMeans {
            receipt: gateway.receipt.clone(),
            phone_number: gateway.phone.clone(),
            // With it somebody could be charged or paid: nobody else has to know it, staff included.
            account: gateway.account.take().filter(|_| are_own),
        };
        Some(Self {
            id,
            number,
            kind,
            status,
            payer,
            payee,
            booking,
            original,
            method,
            amount,
            splits,
            escrow,
            refunds,
            means: owns_means.then_some(means),
            settlement: is_paid.then_some(settlement),
            receipt,
            invoice,
            failure: failure.filter(|_| owns_means),
            reason,
            requested_by: requested_by.filter(|user| is_staff || own(Some(*user))),
            under_review,
            initiated_at,
            completed_at,
            created_at,
            updated_at,
            version: stored.version,
            internals: is_staff.then_some(TransactionInternals {
                gateway,
                fraud,
                reconciliation,
                mismatch,
                chargeback,
                provider_moves,
                origin,
            }),
        })
    }
}

#[cfg(test)]
mod tests;
