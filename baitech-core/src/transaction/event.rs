use serde::{Deserialize, Serialize};

use super::{MismatchKind, Transaction, TransactionKind};
use crate::{
    catalog::BookingId,
    kernel::{Id, Money},
    transaction::PaymentMethod,
};

/// Events of transactions, webhooks and reconciliations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the field names are self-explanatory")]
pub enum PaymentEvent {
    /// A transaction was begun.
    TransactionInitiated { kind: TransactionKind, amount: Money, booking: Option<BookingId> },
    /// The payer has to act, for example on a phone prompt.
    TransactionProcessing { kind: TransactionKind },
    /// A payment was received.
    PaymentReceived { kind: TransactionKind, amount: Money, booking: Option<BookingId> },
    /// A payment or payout failed.
    PaymentFailed { kind: TransactionKind, code: String },
    /// Money is held for a booking.
    EscrowHeld { booking: BookingId, amount: Money },
    /// Escrowed money was released to its recipients.
    EscrowReleased { booking: BookingId, amount: Money },
    /// A dispute froze released money.
    EscrowFrozen { booking: Option<BookingId>, amount: Money },
    /// Frozen money was released again.
    EscrowThawed { booking: Option<BookingId>, amount: Money },
    /// A refund was begun.
    RefundRequested { original: Id<Transaction>, amount: Money },
    /// Money was refunded to its payer, or to the payer's wallet if the provider could not do it.
    RefundProcessed { original: Option<Id<Transaction>>, amount: Money, to_wallet: bool },
    /// A payout was made.
    PayoutProcessed { amount: Money, net: Money },
    /// All or part of a payout came back: a provider or its staff reversed it.
    PayoutReturned { amount: Money, whole: bool },
    /// A payment did not match the request; staff have to decide.
    PaymentMismatched { mismatch: MismatchKind, received: Option<Money> },
    /// Staff decided on it.
    PaymentMismatchResolved { completed: bool },
    /// Staff have to find out its outcome.
    PaymentNeedsPerson,
    /// It needs manual review before its money is released.
    PaymentReviewRequested { score: u8 },
    /// Staff reviewed it.
    PaymentReviewed { approved: bool },
    /// The card holder contests it.
    ChargebackOpened { amount: Money },
    /// The bank decided on the chargeback.
    ChargebackClosed { won: bool },
    /// Another field changed.
    TransactionUpdated,
    /// A provider's call arrived.
    WebhookReceived,
    /// A provider's call was handled.
    WebhookHandled { applied: bool },
    /// A call failed as often as the policy allows, and needs manual review.
    WebhookDeadLettered,
    /// Staff had a call handled once more.
    WebhookRetried,
    /// Staff submitted a provider's statement.
    ReconciliationSubmitted { method: PaymentMethod },
    /// The statement was compared with the books.
    ReconciliationCompleted { agrees: bool },
}

impl PaymentEvent {
    /// The event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TransactionInitiated { .. } => "transaction.initiated",
            Self::TransactionProcessing { .. } => "transaction.processing",
            Self::PaymentReceived { .. } => "payment.received",
            Self::PaymentFailed { .. } => "payment.failed",
            Self::EscrowHeld { .. } => "escrow.held",
            Self::EscrowReleased { .. } => "escrow.released",
            Self::EscrowFrozen { .. } => "escrow.frozen",
            Self::EscrowThawed { .. } => "escrow.thawed",
            Self::RefundRequested { .. } => "refund.requested",
            Self::RefundProcessed { .. } => "refund.processed",
            Self::PayoutProcessed { .. } => "payout.processed",
            Self::PayoutReturned { .. } => "payout.returned",
            Self::PaymentMismatched { .. } => "payment.mismatched",
            Self::PaymentMismatchResolved { .. } => "payment.mismatch_resolved",
            Self::PaymentNeedsPerson => "payment.needs_person",
            Self::PaymentReviewRequested { .. } => "payment.review_requested",
            Self::PaymentReviewed { .. } => "payment.reviewed",
            Self::ChargebackOpened { .. } => "chargeback.opened",
            Self::ChargebackClosed { .. } => "chargeback.closed",
            Self::TransactionUpdated => "transaction.updated",
            Self::WebhookReceived => "webhook.received",
            Self::WebhookHandled { .. } => "webhook.handled",
            Self::WebhookDeadLettered => "webhook.dead_lettered",
            Self::WebhookRetried => "webhook.retried",
            Self::ReconciliationSubmitted { .. } => "reconciliation.submitted",
            Self::ReconciliationCompleted { .. } => "reconciliation.completed",
        }
    }
}
