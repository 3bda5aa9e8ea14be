//! Cash payments, which the technician receives.

use super::Context;
use super::{Amount, Cause, NewTransaction, PaymentEvent, Transaction, TransactionKind, TransactionStatus};
use crate::{
    account::{StatsDelta, User},
    catalog::BookingId,
    decide::Decision,
    kernel::{Id, Result},
    ledger::Account,
    pricing::Shares,
    transaction::PaymentMethod,
};

impl Transaction {
    /// The payment of a booking paid in cash: completed, and never held. The technician has the whole sum, so
    /// the shares of the others become the technician's debt.
    ///
    /// # Errors
    /// Errors of the ledger.
    pub(crate) fn paid_in_cash(
        (booking, payer, technician): (BookingId, Id<User>, Id<User>),
        shares: Shares,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let amount = Amount::shared(shares)?;
        let new = NewTransaction {
            payer: Some(payer),
            payee: Some(technician),
            booking: Some(booking),
            ..NewTransaction::new(TransactionKind::BookingPayment, PaymentMethod::Cash, amount)
        };
        let mut decision = Self::begin(new, context)?;
        decision.next.transition_to(TransactionStatus::Completed, Cause::Settled)?;
        let record = &mut decision.next.0;
        record.completed_at = Some(context.now);
        record.escrow.released_at = Some(context.now);
        let Shares { payout, platform, processing, withholding } = shares;
        let received = PaymentEvent::PaymentReceived {
            kind: TransactionKind::BookingPayment,
            amount: amount.gross,
            booking: Some(booking),
        };
        decision
            .count(Some(technician), StatsDelta { earned: Some(payout), ..StatsDelta::default() })
            .event(received)
            .post(
                "cash payment",
                context,
                [
                    (Account::Payable(technician), shares.commission()?.negated()),
                    (Account::PlatformRevenue, platform),
                    (Account::ProcessingRevenue, processing),
                    (Account::WithholdingPayable, withholding),
                ],
            )
    }
}
