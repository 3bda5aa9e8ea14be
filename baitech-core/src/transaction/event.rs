use serde::{Deserialize, Serialize};

use super::{MismatchKind, Transaction, TransactionKind};
use crate::{
    catalog::BookingId,
    kernel::{Id, Money},
    store::events,
    transaction::PaymentMethod,
};

events! {
    /// Events of transactions, webhooks and reconciliations.
    #[expect(missing_docs, reason = "the field names are self-explanatory")]
    pub enum PaymentEvent {
        /// A transaction was begun.
        TransactionInitiated("transaction.initiated") {
            kind: TransactionKind,
            amount: Money,
            booking: Option<BookingId>,
        },
        /// The payer has to act, for example on a phone prompt.
        TransactionProcessing("transaction.processing") { kind: TransactionKind },
        /// A payment was received.
        PaymentReceived("payment.received") {
            kind: TransactionKind,
            amount: Money,
            booking: Option<BookingId>,
        },
        /// A payment or payout failed.
        PaymentFailed("payment.failed") { kind: TransactionKind, code: String },
        /// Money is held for a booking.
        EscrowHeld("escrow.held") { booking: BookingId, amount: Money },
        /// Escrowed money was released to its recipients.
        EscrowReleased("escrow.released") { booking: BookingId, amount: Money },
        /// A dispute froze released money.
        EscrowFrozen("escrow.frozen") { booking: Option<BookingId>, amount: Money },
        /// Frozen money was released again.
        EscrowThawed("escrow.thawed") { booking: Option<BookingId>, amount: Money },
        /// A refund was begun.
        RefundRequested("refund.requested") { original: Id<Transaction>, amount: Money },
        /// Money was refunded to its payer, or to the payer's wallet if the provider could not do it.
        RefundProcessed("refund.processed") {
            original: Option<Id<Transaction>>,
            amount: Money,
            to_wallet: bool,
        },
        /// A payout was made.
        PayoutProcessed("payout.processed") { amount: Money, net: Money },
        /// All or part of a payout came back: a provider or its staff reversed it.
        PayoutReturned("payout.returned") { amount: Money, whole: bool },
        /// A payment did not match the request; staff have to decide.
        PaymentMismatched("payment.mismatched") { mismatch: MismatchKind, received: Option<Money> },
        /// Staff decided on it.
        PaymentMismatchResolved("payment.mismatch_resolved") { completed: bool },
        /// Staff have to find out its outcome.
        PaymentNeedsPerson("payment.needs_person"),
        /// It needs manual review before its money is released.
        PaymentReviewRequested("payment.review_requested") { score: u8 },
        /// Staff reviewed it.
        PaymentReviewed("payment.reviewed") { approved: bool },
        /// The card holder contests it.
        ChargebackOpened("chargeback.opened") { amount: Money },
        /// The bank decided on the chargeback.
        ChargebackClosed("chargeback.closed") { won: bool },
        /// Another field changed.
        TransactionUpdated("transaction.updated"),
        /// A provider's call arrived.
        WebhookReceived("webhook.received"),
        /// A provider's call was handled.
        WebhookHandled("webhook.handled") { applied: bool },
        /// A call failed as often as the policy allows, and needs manual review.
        WebhookDeadLettered("webhook.dead_lettered"),
        /// Staff had a call handled once more.
        WebhookRetried("webhook.retried"),
        /// Staff submitted a provider's statement.
        ReconciliationSubmitted("reconciliation.submitted") { method: PaymentMethod },
        /// The statement was compared with the books.
        ReconciliationCompleted("reconciliation.completed") { agrees: bool },
    }
}
