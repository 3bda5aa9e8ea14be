use serde::{Deserialize, Serialize};

use crate::kernel::named;

named! {
    /// The purpose of a transaction.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    pub enum TransactionKind {
        /// A customer pays for a booking.
        BookingPayment = "booking_payment",
        /// The platform pays earnings to a technician.
        TechnicianPayout = "technician_payout",
        /// A user tops up their own wallet.
        WalletTopup = "wallet_topup",
        /// A user withdraws money from their own wallet.
        WalletWithdrawal = "wallet_withdrawal",
        /// The platform refunds a payer.
        Refund = "refund",
        /// Created only by the earlier application. The engine cannot settle it.
        Penalty = "penalty",
        /// Created only by the earlier application. The engine cannot settle it.
        Subscription = "subscription",
        /// A customer tips the technician.
        Tip = "tip",
        /// A customer or a company pays a debt to the platform, for example a cancellation fee.
        CancellationFee = "cancellation_fee",
    }
}

impl TransactionKind {
    /// Whether the platform receives the money; otherwise it pays the money.
    #[must_use]
    pub const fn is_incoming(self) -> bool {
        match self {
            Self::BookingPayment
            | Self::WalletTopup
            | Self::Penalty
            | Self::Subscription
            | Self::Tip
            | Self::CancellationFee => true,
            Self::TechnicianPayout | Self::WalletWithdrawal | Self::Refund => false,
        }
    }
}

named! {
    /// The status of a transaction.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    pub enum TransactionStatus {
        /// Created, but not sent to the provider yet.
        Initiated = "initiated",
        /// Being sent to the provider, or sent; the provider's answer is not known yet.
        Pending = "pending",
        /// Accepted by the provider; the outcome is not known yet.
        Processing = "processing",
        /// The money has moved.
        Completed = "completed",
        /// The money has not moved.
        Failed = "failed",
        /// Withdrawn before it was sent, or while it only waited for its payer.
        Cancelled = "cancelled",
        /// The time-out passed before the outcome was known, or before a review ended.
        Expired = "expired",
        /// A part of the money was refunded or charged back.
        PartiallyRefunded = "partially_refunded",
        /// All of the money was refunded or charged back, or an outgoing payment came back.
        Refunded = "refunded",
    }
}

impl TransactionStatus {
    /// Whether the outcome is not known yet.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Initiated | Self::Pending | Self::Processing)
    }

    /// Whether the money has moved, even if it was refunded later.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Completed | Self::PartiallyRefunded | Self::Refunded)
    }

    /// Whether no transition leaves this status.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self.next().next().is_none()
    }

    /// The statuses to which a transition leads from this one.
    pub fn next(self) -> impl Iterator<Item = Self> {
        TransactionStep::TABLE.iter().filter(move |step| step.from == self).map(|step| step.to)
    }

    /// The cause of the transition to `to`; `None` if there is no such transition.
    #[must_use]
    pub fn cause(self, to: Self) -> Option<Cause> {
        TransactionStep::TABLE.iter().find(|step| step.from == self && step.to == to).map(|step| step.cause)
    }
}

/// The cause of a transition of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A worker sends the transaction to the provider.
    Sent,
    /// The provider has accepted the order, but has not reported the outcome.
    Taken,
    /// The provider or staff confirmed that the money moved, or the ledger moved it.
    Settled,
    /// The provider, a risk check or staff decided that the money will not move.
    Declined,
    /// The payer, the requester or staff withdrew the transaction, or its booking no longer awaits it.
    Withdrawn,
    /// The time-out passed before the outcome was known, or before a review ended.
    TimedOut,
    /// Money was refunded or charged back, or an outgoing payment came back.
    GivenBack,
    /// The bank changed its verdict on a chargeback, and returned the money to the platform.
    Recovered,
}

/// A transition of the transactions' state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionStep {
    /// The status before.
    pub from: TransactionStatus,
    /// The status after.
    pub to: TransactionStatus,
    /// The cause of the transition.
    pub cause: Cause,
}

const fn step(from: TransactionStatus, to: TransactionStatus, cause: Cause) -> TransactionStep {
    TransactionStep { from, to, cause }
}

impl TransactionStep {
    /// All transitions of the state machine.
    ///
    /// A failed, cancelled or expired transaction can still be completed, because the provider may prove
    /// later that the money moved.
    pub const TABLE: &'static [Self] = {
        use TransactionStatus::{
            Cancelled, Completed, Expired, Failed, Initiated, PartiallyRefunded, Pending, Processing,
            Refunded,
        };
        &[
            step(Initiated, Pending, Cause::Sent),
            step(Initiated, Completed, Cause::Settled),
            step(Initiated, Failed, Cause::Declined),
            step(Initiated, Cancelled, Cause::Withdrawn),
            step(Initiated, Expired, Cause::TimedOut),
            step(Pending, Processing, Cause::Taken),
            step(Pending, Completed, Cause::Settled),
            step(Pending, Failed, Cause::Declined),
            step(Pending, Cancelled, Cause::Withdrawn),
            step(Pending, Expired, Cause::TimedOut),
            step(Processing, Completed, Cause::Settled),
            step(Processing, Failed, Cause::Declined),
            step(Processing, Cancelled, Cause::Withdrawn),
            step(Processing, Expired, Cause::TimedOut),
            step(Failed, Completed, Cause::Settled),
            step(Cancelled, Completed, Cause::Settled),
            step(Expired, Completed, Cause::Settled),
            step(Completed, PartiallyRefunded, Cause::GivenBack),
            step(Completed, Refunded, Cause::GivenBack),
            step(PartiallyRefunded, Refunded, Cause::GivenBack),
            step(PartiallyRefunded, Completed, Cause::Recovered),
            step(Refunded, PartiallyRefunded, Cause::Recovered),
            step(Refunded, Completed, Cause::Recovered),
        ]
    };

    /// The state machine as a Mermaid diagram.
    #[must_use]
    pub fn mermaid() -> String {
        let mut lines = vec!["stateDiagram-v2".to_owned(), "    [*] --> initiated".to_owned()];
        lines.extend(Self::TABLE.iter().map(|t| format!("    {} --> {}", t.from, t.to)));
        lines.push(format!("    {} --> [*]", TransactionStatus::Refunded));
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_transactions_end_in_every_way_and_ended_ones_only_by_proof() {
        for from in TransactionStatus::ALL {
            let ends = [TransactionStatus::Completed, TransactionStatus::Failed, TransactionStatus::Expired];
            if from.is_open() {
                assert!(ends.iter().all(|to| from.cause(*to).is_some()), "{from}");
            } else {
                assert!(from.next().all(TransactionStatus::is_settled), "{from}");
            }
        }
    }

    #[test]
    fn transitions_are_unique_and_have_one_cause() {
        for (n, step) in TransactionStep::TABLE.iter().enumerate() {
            assert_ne!(step.from, step.to);
            let same = |other: &&TransactionStep| other.from == step.from && other.to == step.to;
            assert_eq!(TransactionStep::TABLE.iter().filter(same).count(), 1);
            let first_settled = step.to == TransactionStatus::Completed && !step.from.is_settled();
            assert_eq!(first_settled, step.cause == Cause::Settled, "arrow {n}");
            let is_back = matches!(step.from, TransactionStatus::Refunded)
                || (step.from.is_settled() && step.to == TransactionStatus::Completed);
            assert_eq!(is_back, step.cause == Cause::Recovered, "arrow {n}");
        }
    }
}
