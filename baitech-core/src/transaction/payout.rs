//! Outgoing money: technicians' earnings and wallet withdrawals.

use chrono::NaiveDate;

use super::Context;
use super::{NewTransaction, Transaction, TransactionKind};
use crate::{
    decide::Decision,
    kernel::{Id, Money, Rate, Result, Rounding},
    ledger::Account,
    store::Bound,
};

impl Transaction {
    /// Reserves an amount and begins its payout. The commit may be refused with
    /// [`Rule::INSUFFICIENT_FUNDS`](crate::kernel::Rule::INSUFFICIENT_FUNDS), since no user is paid more than
    /// they are owed, and with [`Rule::DEBT_LIMIT`](crate::kernel::Rule::DEBT_LIMIT) if the commission of
    /// accepted cash jobs would then raise a technician's debt above the limit.
    ///
    /// # Errors
    /// Errors of the ledger; [`Rule::TRANSITION`](crate::kernel::Rule::TRANSITION) for a kind that is not a
    /// payout.
    pub fn begin_pay_out(new: NewTransaction, context: &Context<'_>) -> Result<Decision<Self>> {
        let decision = Self::begin(new, context)?;
        let transaction = &decision.next;
        let source = match (transaction.kind, transaction.payee) {
            (TransactionKind::TechnicianPayout, Some(technician)) => Account::Payable(technician),
            (TransactionKind::WalletWithdrawal, Some(owner)) => Account::Wallet(owner),
            _ => {
                let message = "this kind of transaction is not a payout";
                return Err(transaction.refuse(crate::kernel::Rule::TRANSITION, message));
            }
        };
        let (id, gross) = (transaction.id, transaction.amount.gross);
        let postings = [(source, gross.negated()), (Account::Reserved(id), gross)];
        let mut decision = decision.post("payout set aside", context, postings)?;
        decision.effects.bounds.push(Bound::at_least(source, Money::zero(gross.currency())));
        if let Account::Payable(technician) = source {
            // Money paid out no longer covers the commission of accepted cash jobs.
            decision.effects.bounds.push(context.policy.debt_bound(technician));
        }
        Ok(decision)
    }

    /// The fee for an instant payout of an amount.
    ///
    /// # Errors
    /// Errors of money arithmetic.
    pub fn instant_fee(amount: Money, rate: Rate) -> Result<Money> {
        Ok(amount.checked_mul(rate.factor())?.round_price(Rounding::HalfAwayFromZero))
    }

    /// Records that a batch has paid what this transaction earned, or that nothing is owed any more.
    pub fn settled_by(mut self, payout: Option<Id<Self>>, context: &Context<'_>) -> Decision<Self> {
        self.0.settlement.settled_at = Some(context.now);
        self.0.settlement.payout = payout;
        self.0.settlement.scheduled_for = None;
        Decision::new(self)
    }

    /// Postpones settlement to the next batch, because the amount owed is too small for a payout.
    pub fn settle_later(mut self, context: &Context<'_>) -> Decision<Self> {
        self.schedule_settlement(context);
        Decision::new(self)
    }

    /// Marks a payout to a technician as requested by the technician, for a fee.
    pub(crate) fn mark_instant(&mut self) {
        self.0.settlement.instant = self.kind == TransactionKind::TechnicianPayout;
    }

    /// Names the weekly batch of a payout by its local day.
    pub(crate) fn mark_batch(&mut self, day: NaiveDate) {
        self.0.settlement.batch = Some(day.to_string());
    }
}
