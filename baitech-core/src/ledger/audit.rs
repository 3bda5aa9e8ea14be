use std::collections::BTreeMap;

use serde::Serialize;

use super::{Account, Ledger};
use crate::kernel::{Actor, Currency, Money, MoneyError, Result};

/// Maximum number of times that the ledger is read until no posting is made in between.
const MAX_READINGS: u32 = 5;

/// The findings of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BooksAudit {
    /// Every account with a posting, and its running balance.
    pub balances: Vec<(Account, Money)>,
    /// Accounts whose running balance differs from the recount.
    pub differences: Vec<BalanceDifference>,
    /// The sum of all balances in each currency: zero if the ledger is consistent. Empty if
    /// [`quiet`](Self::quiet) is false.
    pub sums: Vec<Money>,
    /// Accounts below zero that must not be.
    pub overdrawn: Vec<(Account, Money)>,
    /// Whether no posting was made during the audit. Otherwise accounts that changed were not compared, and
    /// no sums were computed.
    pub quiet: bool,
}

/// An account whose running balance differs from the sum of its postings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BalanceDifference {
    /// The account.
    pub account: Account,
    /// The running balance.
    pub running: Money,
    /// The sum of its postings.
    pub recounted: Money,
}

impl BooksAudit {
    /// Whether the audit found no error.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.overdrawn.is_empty() && self.sums.iter().all(|sum| sum.is_zero())
    }

    fn of(
        before: Vec<(Account, Money)>,
        recount: &[(Account, Money)],
        after: &[(Account, Money)],
    ) -> Result<Self, MoneyError> {
        let quiet = before == after;
        let keyed = |lines: &[(Account, Money)]| -> BTreeMap<(Account, &'static str), Money> {
            lines.iter().map(|(account, amount)| ((*account, amount.currency().code()), *amount)).collect()
        };
        let (running, counted, later) = (keyed(&before), keyed(recount), keyed(after));
        let mut accounts: Vec<_> = running.keys().chain(counted.keys()).copied().collect();
        accounts.sort_unstable();
        accounts.dedup();
        let differences = accounts
            .into_iter()
            .filter_map(|key| {
                let (now, sum) = (running.get(&key), counted.get(&key));
                let currency = now.or(sum)?.currency();
                let or_zero = |amount: Option<&Money>| amount.copied().unwrap_or(Money::zero(currency));
                let (running, recounted) = (or_zero(now), or_zero(sum));
                let moved = or_zero(later.get(&key)) != running;
                (!moved && running != recounted).then_some(BalanceDifference {
                    account: key.0,
                    running,
                    recounted,
                })
            })
            .collect();
        let overdrawn = before
            .iter()
            .filter(|(account, amount)| account.is_bounded() && amount.is_negative())
            .copied()
            .collect();
        let sums = if quiet { sums_of(&before)? } else { Vec::new() };
        Ok(Self { balances: before, differences, sums, overdrawn, quiet })
    }
}

fn sums_of(balances: &[(Account, Money)]) -> Result<Vec<Money>, MoneyError> {
    let mut currencies: Vec<Currency> = balances.iter().map(|(_, amount)| amount.currency()).collect();
    currencies.sort_unstable_by_key(|currency| currency.code());
    currencies.dedup();
    let sum = |currency: Currency| {
        let amounts = balances.iter().map(|(_, amount)| *amount);
        Money::sum(currency, amounts.filter(|amount| amount.currency() == currency))
    };
    currencies.into_iter().map(sum).collect()
}

impl Ledger {
    /// Recomputes all balances from the postings, and compares them with the running balances. It reads the
    /// whole ledger, and reads again, a few times, if postings are made meanwhile.
    ///
    /// # Errors
    /// As [`trial_balance`](Self::trial_balance); a violation of `amount` if a sum overflows.
    pub async fn audit(&self, actor: &Actor) -> Result<BooksAudit> {
        let mut before = self.trial_balance(actor).await?;
        let mut readings = 1;
        loop {
            let recount = self.engine.ledger.recount().await?;
            let after = self.trial_balance(actor).await?;
            if before == after || readings >= MAX_READINGS {
                return Ok(BooksAudit::of(before, &recount, &after)?);
            }
            before = after;
            readings += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kernel::Id, transaction::PaymentMethod};

    const CLEARING: Account = Account::Clearing(PaymentMethod::Mpesa);

    fn kes(shillings: i64) -> Money {
        Money::from_major(shillings, Currency::KES)
    }

    fn wallet() -> Account {
        Account::Wallet(Id::from_bytes([1; 12]))
    }

    #[test]
    fn books_in_order_are_clean() {
        let books = vec![(CLEARING, kes(-5)), (wallet(), kes(5)), (Account::Bank, kes(0))];
        let audit = BooksAudit::of(books.clone(), &books, &books).unwrap();
        assert!(audit.is_clean() && audit.quiet);
        assert_eq!(audit.sums, [kes(0)]);
    }

    #[test]
    fn every_difference_is_found() {
        let running = vec![(CLEARING, kes(-5)), (wallet(), kes(6))];
        let counted = [(CLEARING, kes(-5)), (wallet(), kes(5)), (Account::Bank, kes(1))];
        let audit = BooksAudit::of(running.clone(), &counted, &running).unwrap();
        let found: Vec<_> = audit.differences.iter().map(|found| (found.running, found.recounted)).collect();
        assert_eq!(found, [(kes(0), kes(1)), (kes(6), kes(5))]);
        assert_eq!(audit.sums, [kes(1)]);
        assert!(!audit.is_clean());

        let running = vec![(CLEARING, kes(5)), (wallet(), kes(-5))];
        let audit = BooksAudit::of(running.clone(), &running, &running).unwrap();
        assert_eq!(audit.overdrawn, [(wallet(), kes(-5))]);
        assert!(!audit.is_clean());
    }

    #[test]
    fn accounts_that_change_during_the_audit_are_not_compared() {
        let before = vec![(CLEARING, kes(-5)), (wallet(), kes(5)), (Account::Bank, kes(1))];
        let counted = [(CLEARING, kes(-7)), (wallet(), kes(7))];
        let after = [(CLEARING, kes(-7)), (wallet(), kes(7)), (Account::Bank, kes(1))];
        let audit = BooksAudit::of(before, &counted, &after).unwrap();
        assert!(!audit.quiet);
        assert_eq!(audit.sums, []);
        let [found] = audit.differences[..] else { panic!("{audit:?}") };
        assert_eq!(found.account, Account::Bank, "an unchanged account with a wrong balance is reported");
    }

    proptest::proptest! {
        #[test]
        fn every_difference_in_quiet_books_is_found(at in 0_usize..3, by in 1_i64..1_000) {
            let running = vec![(CLEARING, kes(-9)), (Account::Bank, kes(4)), (wallet(), kes(5))];
            let mut counted = running.clone();
            counted[at].1 = counted[at].1.checked_add(kes(by)).unwrap();
            let audit = BooksAudit::of(running.clone(), &counted, &running).unwrap();
            proptest::prop_assert_eq!(audit.differences.len(), 1);
            proptest::prop_assert_eq!(audit.differences[0].account, running[at].0);
        }
    }
}
