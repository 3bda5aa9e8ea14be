//! Converts a transaction's document to a transaction.

use baitech_core::kernel::{Currency, Money, Rate};
use baitech_core::pricing::Shares;
use baitech_core::transaction::{
    self, DocumentStamp, EscrowState, FraudCheck, PaymentOrigin, ReconciliationStamp, SettlementState,
    Transaction, TransactionRecord,
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::document::TransactionDocument;
use super::legacy::{self, LegacyRefund};
use super::parts::{
    Amount, Escrow, Failure, Fraud, Metadata, Reconciliation, Refund, Settlement, Split, Stamp,
};
use crate::money::{DEFAULT_CURRENCY, money};
use crate::value::oid;

/// The reason of a failed transaction of the earlier application, which stored only the time.
const UNKNOWN_FAILURE: &str = "unknown";

impl TransactionDocument {
    pub(crate) fn into_transaction(self) -> Transaction {
        let created_at = self.created_at.unwrap_or_else(|| oid(self.id).timestamp().to_chrono());
        let updated_at = self.updated_at.unwrap_or(created_at);
        let amount = self.amount.into_domain();
        let currency = amount.currency();
        let one = |refund: LegacyRefund| refund.into_domain(&amount.shares(), currency, updated_at);
        let refunds = match self.refunds {
            Some(refunds) => refunds.into_iter().map(|part| part.into_domain(currency)).collect(),
            None => self.refund.and_then(one).into_iter().collect(),
        };
        let method = self.payment_method;
        let legacy = || legacy::link(method, self.mpesa_details, self.stripe_details);
        let gateway = self.gateway.unwrap_or_else(legacy);
        let record = TransactionRecord {
            id: self.id,
            number: self.transaction_number,
            kind: self.kind,
            status: self.status,
            payer: self.payer,
            payee: self.payee,
            booking: self.booking,
            original: self.original,
            method,
            amount,
            splits: self.splits.into_iter().map(|part| part.into_domain(currency)).collect(),
            escrow: self.escrow.unwrap_or_default().into_domain(currency),
            refunds,
            gateway,
            fraud: self.fraud_check.and_then(|part| part.into_domain(created_at)),
            settlement: self.settlement.unwrap_or_default().into_domain(),
            receipt: self.receipt.and_then(|part| part.into_domain(updated_at)),
            invoice: self.invoice.and_then(|part| part.into_domain(updated_at)),
            reconciliation: self.reconciliation.and_then(|part| part.into_domain(currency, updated_at)),
            mismatch: self.mismatch,
            chargeback: self.chargeback,
            provider_moves: self.provider_moves,
            failure: failure(self.failure, self.failed_at, updated_at),
            origin: self.metadata.unwrap_or_default().into_domain(),
            reason: self.reason,
            requested_by: self.requested_by,
            initiated_at: self.initiated_at.unwrap_or(created_at),
            completed_at: self.completed_at,
            created_at,
            updated_at,
        };
        Transaction::from_record(record)
    }
}

impl Amount {
    /// The lines, each rounded to the smallest unit. With fractions from the earlier application, the rounded
    /// lines may differ from the gross by some units; the net, which is the remainder, absorbs the
    /// difference.
    fn into_domain(self) -> transaction::Amount {
        let currency = self.currency.unwrap_or(DEFAULT_CURRENCY);
        let stored = [Some(self.gross), self.platform_fee, self.processing_fee, self.tax, self.net]
            .map(|line| Money::new(line.unwrap_or_default(), currency));
        let [gross, platform_fee, processing_fee, tax, net] = stored.map(Money::to_minor_unit);
        let mut amount = transaction::Amount { gross, platform_fee, processing_fee, tax, net };
        let has_fractions = stored.into_iter().any(|line| line != line.to_minor_unit());
        if has_fractions && let Some(net) = remainder(&amount) {
            amount.net = net;
        }
        amount
    }
}

/// The gross minus the other lines, if it equals the stored net up to the rounding of five lines.
fn remainder(amount: &transaction::Amount) -> Option<Money> {
    let fees = Money::sum(amount.currency(), [amount.platform_fee, amount.processing_fee, amount.tax]);
    let remainder = amount.gross.checked_sub(fees.ok()?).ok()?;
    let off = remainder.checked_sub(amount.net).ok()?.minor_units().ok()?;
    (off.abs() <= 2).then_some(remainder)
}

impl Split {
    fn into_domain(self, currency: Currency) -> transaction::Split {
        let Self { element, recipient, amount, percentage, description } = self;
        let basis_points = percentage.and_then(|percent| percent.checked_mul(Decimal::ONE_HUNDRED)?.to_u32());
        transaction::Split {
            element,
            recipient,
            amount: money(amount.unwrap_or_default(), currency),
            percentage: Rate::from_basis_points(basis_points.unwrap_or_default()),
            description: description.unwrap_or_default(),
        }
    }
}

impl Escrow {
    fn into_domain(self, currency: Currency) -> EscrowState {
        let Self { held, held_at, released_at, release_condition, frozen } = self;
        EscrowState {
            held: held.unwrap_or(false),
            held_at,
            released_at,
            release_condition,
            frozen: frozen.map(|amount| money(amount, currency)),
        }
    }
}

impl Refund {
    fn into_domain(self, currency: Currency) -> transaction::Refund {
        let Self { element, transaction, amount, portions, reason, refunded_at } = self;
        let portions = Shares {
            payout: money(portions.payout, currency),
            platform: money(portions.platform, currency),
            processing: money(portions.processing, currency),
            withholding: money(portions.withholding, currency),
        };
        let amount = money(amount, currency);
        transaction::Refund { element, transaction, amount, portions, reason, refunded_at }
    }
}

impl Fraud {
    fn into_domain(self, created_at: DateTime<Utc>) -> Option<FraudCheck> {
        Some(FraudCheck {
            score: self.score?,
            decision: self.decision?,
            reasons: self.reasons.unwrap_or_default(),
            checked_at: self.checked_at.unwrap_or(created_at),
            review: self.review,
        })
    }
}

impl Settlement {
    fn into_domain(self) -> SettlementState {
        let Self { scheduled: _, scheduled_for, settled_at, payout, batch, instant } = self;
        SettlementState { scheduled_for, settled_at, payout, batch, instant: instant.unwrap_or(false) }
    }
}

impl Stamp {
    fn into_domain(self, updated_at: DateTime<Utc>) -> Option<DocumentStamp> {
        let Self { generated: _, number, generated_at } = self;
        Some(DocumentStamp { number: number?, generated_at: generated_at.unwrap_or(updated_at) })
    }
}

impl Reconciliation {
    fn into_domain(self, currency: Currency, updated_at: DateTime<Utc>) -> Option<ReconciliationStamp> {
        Some(ReconciliationStamp {
            reconciled_at: self.reconciled_at.unwrap_or(updated_at),
            reference: self.reference?,
            discrepancy: self.discrepancy.map(|amount| money(amount, currency)),
        })
    }
}

fn failure(
    stored: Option<Failure>,
    failed_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
) -> Option<transaction::Failure> {
    match (stored, failed_at) {
        (Some(Failure { code, reason }), at) => {
            Some(transaction::Failure { code, reason, at: at.unwrap_or(updated_at) })
        }
        (None, Some(at)) => {
            Some(transaction::Failure { code: UNKNOWN_FAILURE.to_owned(), reason: String::new(), at })
        }
        (None, None) => None,
    }
}

impl Metadata {
    fn into_domain(self) -> PaymentOrigin {
        let coordinates = self.location.and_then(|place| place.coordinates);
        let location = match coordinates.as_deref() {
            Some([longitude, latitude, ..]) => Some((*longitude, *latitude)),
            _ => None,
        };
        PaymentOrigin { ip_address: self.ip_address, device: self.device, location }
    }
}
