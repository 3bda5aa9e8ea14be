//! Amounts that are asked for and have not come yet: they count towards limits from the moment in which they
//! are begun.

use super::{Transaction, TransactionKind};
use crate::{
    booking::Context,
    decide::Decision,
    kernel::{Money, Result},
    ledger::Account,
    store::Bound,
};

impl Transaction {
    /// Where the amount of an incoming transaction counts while nobody knows whether it comes.
    const fn open_account(&self) -> Option<Account> {
        match (self.0.kind, self.0.payer) {
            (TransactionKind::WalletTopup, Some(owner)) => Some(Account::OpenTopUps(owner)),
            (TransactionKind::CancellationFee, Some(debtor)) => Some(Account::OpenDebtPayments(debtor)),
            _ => None,
        }
    }

    /// The limit of what comes in, with what is on its way.
    pub(super) fn limit_of_receipts(&self, context: &Context<'_>) -> Option<Bound> {
        let bound = match (self.kind, self.payer) {
            (TransactionKind::WalletTopup, Some(owner)) => {
                Bound::at_most(Account::Wallet(owner), context.policy.payment.wallet_limit)
            }
            (TransactionKind::CancellationFee, Some(debtor)) => {
                Bound::at_most(Account::Receivable(debtor), Money::zero(self.amount.currency()))
            }
            _ => return None,
        };
        self.open_account().map(|open| bound.counting(open))
    }
}

impl Decision<Transaction> {
    /// Counts what is begun as open, within the limit of what it is for. The commit may be refused beyond
    /// that.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(super) fn counted_as_open(mut self, context: &Context<'_>) -> Result<Self> {
        let transaction = &self.next;
        let (Some(open), Some(bound)) = (transaction.open_account(), transaction.limit_of_receipts(context))
        else {
            return Ok(self);
        };
        if !transaction.status.is_open() {
            return Ok(self);
        }
        let gross = transaction.amount.gross;
        self.next.0.gateway.counts_as_open = true;
        self.effects.bounds.push(bound);
        self.post("begun", context, [(open, gross), (Account::OpenAmounts, gross.negated())])
    }

    /// Ends the counting of what is not open any more.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(super) fn counted_out(mut self, context: &Context<'_>) -> Result<Self> {
        let transaction = &self.next;
        let Some(open) = transaction.open_account().filter(|_| transaction.gateway.counts_as_open) else {
            return Ok(self);
        };
        if transaction.status.is_open() {
            return Ok(self);
        }
        let gross = transaction.amount.gross;
        self.next.0.gateway.counts_as_open = false;
        self.post("ended", context, [(open, gross.negated()), (Account::OpenAmounts, gross)])
    }

    /// Holds money that comes in to the limit of what it is for. What was counted while it was open never
    /// breaks it.
    pub(super) fn within_limit(mut self, context: &Context<'_>) -> Self {
        if self.next.kind == TransactionKind::WalletTopup {
            self.effects.bounds.extend(self.next.limit_of_receipts(context));
        }
        self
    }
}
