use serde::{Deserialize, Serialize};

use super::{MismatchKind, Transaction, TransactionKind};
use crate::{
    booking::{Booking, PaymentMethod},
    kernel::{Id, Money},
};

/// What happened to a transaction, or by a call of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names of the fields say it")]
pub enum PaymentEvent {
    /// Somebody wants money to move.
    TransactionInitiated { kind: TransactionKind, amount: Money, booking: Option<Id<Booking>> },
    /// The payer has to do something: a prompt is on the phone.
    TransactionProcessing { kind: TransactionKind },
    /// Money came in.
    PaymentReceived { kind: TransactionKind, amount: Money, booking: Option<Id<Booking>> },
    /// Money did not come in, or did not go out.
    PaymentFailed { kind: TransactionKind, code: String },
    /// Money is held for a booking.
    EscrowHeld { booking: Id<Booking>, amount: Money },
    /// Held money went to its receivers.
    EscrowReleased { booking: Id<Booking>, amount: Money },
    /// A dispute holds what was released.
    EscrowFrozen { booking: Option<Id<Booking>>, amount: Money },
    /// What a dispute held is free again.
    EscrowThawed { booking: Option<Id<Booking>>, amount: Money },
    /// Money goes back to its payer.
    RefundRequested { original: Id<Transaction>, amount: Money },
    /// Money went back to its payer, or into the payer's wallet where the provider could not.
    RefundProcessed { original: Option<Id<Transaction>>, amount: Money, to_wallet: bool },
    /// Somebody was paid out.
    PayoutProcessed { amount: Money, net: Money },
    /// A part of what was paid out came back, or all of it: a provider or its staff has reversed
    /// it.
    PayoutReturned { amount: Money, whole: bool },
    /// Money came that is not what was asked for, and a person has to decide.
    PaymentMismatched { mismatch: MismatchKind, received: Option<Money> },
    /// A person has decided on it.
    PaymentMismatchResolved { completed: bool },
    /// A person has to find out what became of it.
    PaymentNeedsPerson,
    /// A person has to look at it before its money is released.
    PaymentReviewRequested { score: u8 },
    /// A person has looked at it.
    PaymentReviewed { approved: bool },
    /// A card's holder contests it.
    ChargebackOpened { amount: Money },
    /// The bank has decided.
    ChargebackClosed { won: bool },
    /// Something else was noted.
    TransactionUpdated,
    /// A provider called.
    WebhookReceived,
    /// A call was looked at.
    WebhookHandled { applied: bool },
    /// A call could not be handled as often as the policy allows, and a person has to look at it.
    WebhookDeadLettered,
    /// A person has a call looked at once more.
    WebhookRetried,
    /// Staff has handed in a provider's statement.
    ReconciliationSubmitted { method: PaymentMethod },
    /// It is set against the books.
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
