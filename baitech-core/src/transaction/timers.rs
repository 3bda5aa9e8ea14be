//! Due tasks of a transaction. A pure function says which task is due when; a worker runs it.

use chrono::{DateTime, Utc};

use super::{PaymentPolicy, Transaction, TransactionKind, TransactionStatus};
use crate::kernel::unless_never;

/// A task that the system runs on a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentTask {
    /// Send it to its provider.
    Send,
    /// Query its outcome at the provider.
    Query,
    /// Capture the authorized money.
    Capture,
    /// Void the authorization.
    Release,
    /// Request the receipt of a payment that a status query has settled.
    FetchReceipt,
    /// Pay out its earnings, if the batch is due.
    Settle,
}

impl Transaction {
    /// The next task and its due time.
    #[must_use]
    pub fn next_task(&self, _: &PaymentPolicy) -> Option<(DateTime<Utc>, PaymentTask)> {
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
            // It counts as failed, but a call claims that the money arrived.
            _ => self.gateway.awaits_confirmation.then_some((at, PaymentTask::Query)),
        }
    }

    fn settlement_task(&self) -> Option<(DateTime<Utc>, PaymentTask)> {
        // A failed payout has returned its money, which another payout has to pay.
        let owes = self.status.is_settled() || self.kind == TransactionKind::TechnicianPayout;
        let open = owes && !self.status.is_open() && self.settlement.settled_at.is_none();
        self.settlement.scheduled_for.filter(|_| open).map(|at| (at, PaymentTask::Settle))
    }
}
