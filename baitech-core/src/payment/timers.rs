//! What a transaction wants done by itself. A pure function says when and what; a worker does it.

use chrono::{DateTime, Utc};

use super::{Transaction, TransactionKind, TransactionStatus};
use crate::{booking::BookingPolicy, kernel::unless_never};

/// Something that a transaction wants done by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentTask {
    /// Send it to its provider.
    Send,
    /// Ask the provider what became of it.
    Query,
    /// Take the money that was set aside.
    Capture,
    /// Give up the money that was set aside.
    Release,
    /// Ask for the receipt of a payment that a question has settled.
    FetchReceipt,
    /// Pay out what it has earned, if the batch has come.
    Settle,
}

impl Transaction {
    /// What is next to be done by itself, and when.
    #[must_use]
    pub fn next_task(&self, _: &BookingPolicy) -> Option<(DateTime<Utc>, PaymentTask)> {
        let task = self.gateway_task().or_else(|| self.settlement_task());
        task.filter(|(at, _)| unless_never(*at).is_some())
    }

    fn gateway_task(&self) -> Option<(DateTime<Utc>, PaymentTask)> {
        let at = self.gateway.next_at?;
        match self.status {
            status if status.is_open() && self.wants_sending() => Some((at, PaymentTask::Send)),
            TransactionStatus::Initiated => None,
            TransactionStatus::Pending | TransactionStatus::Processing
                if self.gateway.authorized_at.is_some() =>
            {
                let review = self.fraud.as_ref().and_then(|fraud| fraud.review.as_ref());
                let approved = review.is_some_and(|review| review.approved);
                Some((at, if approved { PaymentTask::Capture } else { PaymentTask::Release }))
            }
            TransactionStatus::Pending | TransactionStatus::Processing => Some((at, PaymentTask::Query)),
            status if status.is_settled() => Some((at, PaymentTask::FetchReceipt)),
            // It counts as failed, and a call says that the money came all the same.
            _ => self.gateway.awaits_confirmation.then_some((at, PaymentTask::Query)),
        }
    }

    fn settlement_task(&self) -> Option<(DateTime<Utc>, PaymentTask)> {
        // A payout that failed has given its money back, to be paid by another.
        let owes = self.status.is_settled() || self.kind == TransactionKind::TechnicianPayout;
        let open = owes && !self.status.is_open() && self.settlement.settled_at.is_none();
        self.settlement.scheduled_for.filter(|_| open).map(|at| (at, PaymentTask::Settle))
    }
}
