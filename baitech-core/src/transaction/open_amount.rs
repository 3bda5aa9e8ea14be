//! Amounts that were requested and have not arrived yet. They count towards limits from the moment they are
//! begun.

use super::Context;
use super::{Transaction, TransactionKind};
use crate::{
    decide::Decision,
    kernel::{Money, Result},
    ledger::Account,
    store::Bound,
};

impl Transaction {
    /// The account in which the amount of an incoming transaction counts while its outcome is open.
    const fn open_account(&self) -> Option<Account> {
        match (self.0.kind, self.0.payer) {
            (TransactionKind::WalletTopup, Some(owner)) => Some(Account::OpenTopUps(owner)),
            (TransactionKind::CancellationFee, Some(debtor)) => Some(Account::OpenDebtPayments(debtor)),
            _ => None,
        }
    }

    /// The limit on incoming money, including open amounts.
    pub(super) fn limit_of_receipts(&self, context: &Context<'_>) -> Option<Bound> {
        let bound = match (self.kind, self.payer) {
            (TransactionKind::WalletTopup, Some(owner)) => {
                Bound::at_most(Account::Wallet(owner), context.policy.wallet_limit)
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
    /// Counts an open amount towards its limit. The commit may be refused above the limit.
    ///
    /// # Errors
    /// Errors of the ledger.
    pub(crate) fn counted_as_open(mut self, context: &Context<'_>) -> Result<Self> {
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

    /// Stops counting an amount that is no longer open.
    ///
    /// # Errors
    /// Errors of the ledger.
    pub(crate) fn counted_out(mut self, context: &Context<'_>) -> Result<Self> {
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

    /// Applies the limit to money that arrives. An amount that was counted while open never exceeds it.
    pub(super) fn within_limit(mut self, context: &Context<'_>) -> Self {
        if self.next.kind == TransactionKind::WalletTopup {
            self.effects.bounds.extend(self.next.limit_of_receipts(context));
        }
        self
    }
}
