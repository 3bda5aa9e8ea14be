use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Amount, Chargeback, DocumentStamp, EscrowState, Failure, FraudCheck, FraudDecision, GatewayLink,
    Mismatch, PaymentOrigin, ProviderMove, ReconciliationStamp, Refund, SettlementState, Split, Transaction,
    TransactionKind, TransactionNumber, TransactionRecord, TransactionStatus,
};
use crate::{
    account::User,
    catalog::BookingId,
    kernel::{Actor, Id, Text},
    store::{Stored, Version},
    transaction::PaymentMethod,
};

/// The view of a transaction for one actor.
///
/// The payer and the payee see the amounts and the status. Only their owner and staff see phone numbers and
/// receipts; only the owner sees the account at the provider. Only the technician and staff see when and how
/// the technician is paid out. Only staff see scores, origins and provider data. No view contains the
/// callback token.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionView {
    /// Its id.
    pub id: Id<Transaction>,
    /// Its number.
    #[serde(rename = "transactionNumber")]
    pub number: TransactionNumber,
    /// The purpose.
    #[serde(rename = "type")]
    pub kind: TransactionKind,
    /// The status.
    pub status: TransactionStatus,
    /// The payer; `None` for the platform.
    pub payer: Option<Id<User>>,
    /// The payee; `None` for the platform.
    pub payee: Option<Id<User>>,
    /// The booking that it is for.
    pub booking: Option<BookingId>,
    /// The payment that a refund returns.
    pub original: Option<Id<Transaction>>,
    /// The payment method.
    #[serde(rename = "paymentMethod")]
    pub method: PaymentMethod,
    /// The amount.
    pub amount: Amount,
    /// The parts of the recipients.
    pub splits: Vec<Split>,
    /// The escrow state. Only the technician and staff see the frozen part of the technician's share.
    pub escrow: EscrowState,
    /// The refunds.
    pub refunds: Vec<Refund>,
    /// The means of payment, for their owner and staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<PaymentMeans>,
    /// How earnings are paid out, for the payee and staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementState>,
    /// The receipt.
    pub receipt: Option<DocumentStamp>,
    /// The invoice.
    pub invoice: Option<DocumentStamp>,
    /// Why it failed, for the owner of the means of payment and staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The reason, in the requester's words.
    pub reason: Option<Text<500>>,
    /// The requester, for the requester and staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<Id<User>>,
    /// Whether manual review is pending.
    pub under_review: bool,
    /// When it was requested.
    pub initiated_at: DateTime<Utc>,
    /// When the money moved.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
    /// The version to name in commands.
    pub version: Version,
    /// Fields for staff only.
    #[serde(flatten)]
    pub internals: Option<TransactionInternals>,
}

/// The payer's or payee's own means of payment at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentMeans {
    /// The number of the provider's receipt.
    pub receipt: Option<String>,
    /// The phone number that is charged or paid.
    pub phone_number: Option<String>,
    /// The means of payment or the account, as the provider names it; for its owner only.
    pub account: Option<String>,
}

/// The fields of a transaction for staff only.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionInternals {
    /// Its counterpart at the provider, without the account, which would allow a charge. The token is never
    /// serialised.
    pub gateway: GatewayLink,
    /// The fraud check.
    #[serde(rename = "fraudCheck")]
    pub fraud: Option<FraudCheck>,
    /// The matching line of the provider's statement.
    pub reconciliation: Option<ReconciliationStamp>,
    /// A payment that does not match the request.
    pub mismatch: Option<Mismatch>,
    /// A charge contested with the bank.
    pub chargeback: Option<Chargeback>,
    /// Money that the provider moved back without our order.
    pub provider_moves: Vec<ProviderMove>,
    /// Where it was requested.
    #[serde(rename = "metadata")]
    pub origin: PaymentOrigin,
}

impl TransactionView {
    /// The view of a transaction for its payer, its payee, its requester, or staff. `None` for others, who
    /// may not see it.
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
            // A blocked payer must not learn what blocked the payment.
            "declined".clone_into(&mut failure.code);
        }
        let means = PaymentMeans {
            receipt: gateway.receipt.clone(),
            phone_number: gateway.phone.clone(),
            // The account would allow a charge or a payout, so only its owner may see it, not even staff.
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
