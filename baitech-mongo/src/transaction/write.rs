//! Converts a transaction to its document.

use baitech_core::kernel::Money;
use baitech_core::pricing::Shares;
use baitech_core::transaction::{
    self, DocumentStamp, EscrowState, FraudCheck, FraudDecision, PaymentOrigin, ReconciliationStamp,
    SettlementState, Transaction, TransactionRecord,
};
use rust_decimal::Decimal;

use super::document::TransactionDocument;
use super::parts::{
    Amount, Escrow, Failure, Fraud, Metadata, Place, Portions, Reconciliation, Refund, Settlement, Split,
    Stamp,
};

impl From<Transaction> for TransactionDocument {
    fn from(transaction: Transaction) -> Self {
        let needs_person = transaction.needs_person();
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
            escrow,
            refunds,
            gateway,
            fraud,
            settlement,
            receipt,
            invoice,
            reconciliation,
            mismatch,
            chargeback,
            provider_moves,
            failure,
            origin,
            reason,
            requested_by,
            initiated_at,
            completed_at,
            created_at,
            updated_at,
        } = transaction.into_record();
        let failed_at = failure.as_ref().map(|failure| failure.at);
        Self {
            id,
            transaction_number: number,
            kind,
            status,
            payer,
            payee,
            booking,
            original,
            payment_method: method,
            amount: amount.into(),
            splits: splits.into_iter().map(Split::from).collect(),
            escrow: Some(escrow.into()),
            refunds: Some(refunds.into_iter().map(Refund::from).collect()),
            gateway: Some(gateway),
            fraud_check: fraud.map(Fraud::from),
            settlement: Some(settlement.into()).filter(|part| *part != Settlement::default()),
            receipt: receipt.map(Stamp::from),
            invoice: invoice.map(Stamp::from),
            reconciliation: reconciliation.map(Reconciliation::from),
            mismatch,
            chargeback,
            provider_moves,
            failure: failure.map(Failure::from),
            failed_at,
            metadata: Some(origin.into()).filter(|part| *part != Metadata::default()),
            reason,
            requested_by,
            initiated_at: Some(initiated_at),
            completed_at,
            created_at: Some(created_at),
            updated_at: Some(updated_at),
            needs_person: flag(needs_person),
            refund: None,
            mpesa_details: None,
            stripe_details: None,
        }
    }
}

/// A flag that is stored only if it is true.
fn flag(holds: bool) -> Option<bool> {
    holds.then_some(true)
}

impl From<transaction::Amount> for Amount {
    fn from(amount: transaction::Amount) -> Self {
        let transaction::Amount { gross, platform_fee, processing_fee, tax, net } = amount;
        Self {
            gross: gross.amount(),
            platform_fee: Some(platform_fee.amount()),
            processing_fee: Some(processing_fee.amount()),
            tax: Some(tax.amount()),
            net: Some(net.amount()),
            currency: Some(gross.currency()),
        }
    }
}

impl From<transaction::Split> for Split {
    fn from(split: transaction::Split) -> Self {
        let transaction::Split { element, recipient, amount, percentage, description } = split;
        Self {
            element,
            recipient,
            amount: Some(amount.amount()),
            percentage: Some(Decimal::new(i64::from(percentage.basis_points()), 2)),
            description: Some(description),
        }
    }
}

impl From<EscrowState> for Escrow {
    fn from(escrow: EscrowState) -> Self {
        let EscrowState { held, held_at, released_at, release_condition, frozen } = escrow;
        Self { held: Some(held), held_at, released_at, release_condition, frozen: frozen.map(Money::amount) }
    }
}

impl From<transaction::Refund> for Refund {
    fn from(refund: transaction::Refund) -> Self {
        let transaction::Refund { element, transaction, amount, portions, reason, refunded_at } = refund;
        let Shares { payout, platform, processing, withholding } = portions;
        let portions = Portions {
            payout: payout.amount(),
            platform: platform.amount(),
            processing: processing.amount(),
            withholding: withholding.amount(),
        };
        Self { element, transaction, amount: amount.amount(), portions, reason, refunded_at }
    }
}

impl From<FraudCheck> for Fraud {
    fn from(check: FraudCheck) -> Self {
        let FraudCheck { score, decision, reasons, checked_at, review } = check;
        Self {
            score: Some(score),
            decision: Some(decision),
            flagged: Some(decision != FraudDecision::Approve),
            reasons: Some(reasons),
            checked_at: Some(checked_at),
            review,
        }
    }
}

impl From<SettlementState> for Settlement {
    fn from(state: SettlementState) -> Self {
        let SettlementState { scheduled_for, settled_at, payout, batch, instant } = state;
        let (scheduled, instant) = (flag(scheduled_for.is_some()), flag(instant));
        Self { scheduled, scheduled_for, settled_at, payout, batch, instant }
    }
}

impl From<DocumentStamp> for Stamp {
    fn from(DocumentStamp { number, generated_at }: DocumentStamp) -> Self {
        Self { generated: Some(true), number: Some(number), generated_at: Some(generated_at) }
    }
}

impl From<ReconciliationStamp> for Reconciliation {
    fn from(stamp: ReconciliationStamp) -> Self {
        let ReconciliationStamp { reconciled_at, reference, discrepancy } = stamp;
        Self {
            reconciled: Some(true),
            reconciled_at: Some(reconciled_at),
            reference: Some(reference),
            discrepancy: discrepancy.map(Money::amount),
        }
    }
}

impl From<transaction::Failure> for Failure {
    fn from(transaction::Failure { code, reason, at: _ }: transaction::Failure) -> Self {
        Self { code, reason }
    }
}

impl From<PaymentOrigin> for Metadata {
    fn from(origin: PaymentOrigin) -> Self {
        let PaymentOrigin { ip_address, device, location } = origin;
        let place = |(longitude, latitude)| Place { coordinates: Some(vec![longitude, latitude]) };
        Self { ip_address, device, location: location.map(place) }
    }
}
