use serde::{Deserialize, Serialize};

use crate::kernel::named;

named! {
    /// The purpose of a transaction.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    pub enum TransactionKind {
        /// A customer pays for a booking.
        BookingPayment = "booking_payment",
        /// A technician is paid earnings.
        TechnicianPayout = "technician_payout",
        /// A user tops up their own wallet.
        WalletTopup = "wallet_topup",
        /// A user withdraws money from their own wallet.
        WalletWithdrawal = "wallet_withdrawal",
        /// A payer is refunded.
        Refund = "refund",
        /// Stored by the earlier application; without rules.
        Penalty = "penalty",
        /// Stored by the earlier application; without rules.
        Subscription = "subscription",
        /// A customer tips the technician.
        Tip = "tip",
        /// A customer or a company pays its debt.
        CancellationFee = "cancellation_fee",
    }
}

impl TransactionKind {
    /// Whether the platform is paid, rather than paying.
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
        /// Begun; not sent yet.
        Initiated = "initiated",
        /// Being sent to the provider, whose answer is unknown.
        Pending = "pending",
        /// Accepted by the provider.
        Processing = "processing",
        /// The money has moved.
        Completed = "completed",
        /// The money has not moved.
        Failed = "failed",
        /// Withdrawn before it was sent.
        Cancelled = "cancelled",
        /// Not answered in time.
        Expired = "expired",
        /// A part was refunded.
        PartiallyRefunded = "partially_refunded",
        /// All was refunded.
        Refunded = "refunded",
    }
}

impl TransactionStatus {
    /// Whether the outcome is still open.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Initiated | Self::Pending | Self::Processing)
    }

    /// Whether the money has moved, whether or not it was refunded since.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Completed | Self::PartiallyRefunded | Self::Refunded)
    }

    /// Whether no transition leads out of this status.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self.next().next().is_none()
    }

    /// The statuses that can follow.
    pub fn next(self) -> impl Iterator<Item = Self> {
        TransactionStep::TABLE.iter().filter(move |step| step.from == self).map(|step| step.to)
    }

    /// The cause of the transition to `to`; `None` if there is no such transition.
    #[must_use]
    pub fn cause(self, to: Self) -> Option<Cause> {
        TransactionStep::TABLE.iter().find(|step| step.from == self && step.to == to).map(|step| step.cause)
    }
}

/// The cause of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A worker sends it to the provider.
    Sent,
    /// The provider has accepted it.
    Taken,
    /// The provider proves that the money moved, or it moved in the ledger.
    Settled,
    /// The provider reports that the money will not move.
    Declined,
    /// Its owner, staff or the end of its booking withdraws it.
    Withdrawn,
    /// The time for an answer is over.
    TimedOut,
    /// Money is refunded.
    GivenBack,
    /// Refunded money has come back: a bank has changed its verdict.
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
    /// The whole state machine. No other transition exists.
    ///
    /// A transaction that ended without money can still be completed, because the provider may prove later
    /// that the money arrived.
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
