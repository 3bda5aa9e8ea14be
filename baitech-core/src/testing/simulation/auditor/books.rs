use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Verdict};
use crate::{
    kernel::{Currency, Money},
    ledger::{Account, Entry},
};

/// A second copy of the ledger, computed only from the entries.
#[derive(Debug, Default)]
pub(super) struct Books {
    balances: BTreeMap<(Account, &'static str), Money>,
    touched: BTreeSet<(Account, &'static str)>,
    entries: usize,
}

impl Books {
    /// Books an entry whose postings sum to zero.
    pub(super) fn post(&mut self, entry: &Entry) -> Verdict {
        let mut sums: BTreeMap<&'static str, Money> = BTreeMap::new();
        for posting in &entry.postings {
            let currency = posting.amount.currency();
            let zero = Money::zero(currency);
            let sum = sums.entry(currency.code()).or_insert(zero);
            *sum = add(*sum, posting.amount)?;
            let key = (posting.account, currency.code());
            let balance = self.balances.entry(key).or_insert(zero);
            *balance = add(*balance, posting.amount)?;
            self.touched.insert(key);
        }
        self.entries += 1;
        match sums.values().find(|sum| !sum.is_zero()) {
            Some(sum) => Err(format!("the postings of \"{}\" sum to {sum}", entry.description)),
            None => Ok(()),
        }
    }

    /// Checks after each commit that no account that holds users' money is negative.
    pub(super) fn check_touched(&mut self) -> Verdict {
        for key in std::mem::take(&mut self.touched) {
            let held = matches!(key.0, Account::Escrow(_) | Account::Wallet(_) | Account::Reserved(_));
            if let Some(balance) = self.balances.get(&key).filter(|balance| held && balance.is_negative()) {
                return Err(format!("{} stands at {balance}", key.0));
            }
        }
        Ok(())
    }

    pub(super) fn balance(&self, account: Account, currency: Currency) -> Money {
        self.balances.get(&(account, currency.code())).copied().unwrap_or(Money::zero(currency))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Account, Money)> {
        self.balances.iter().map(|((account, _), balance)| (*account, *balance))
    }

    /// Checks that the store's running balances and its recount equal the sums of the entries, and that all
    /// balances sum to zero.
    pub(super) fn compare(
        &self,
        running: &[(Account, Money)],
        recounted: &[(Account, Money)],
        entries: usize,
    ) -> Verdict {
        let own: Vec<(Account, Money)> = self.iter().collect();
        if own != running || own != recounted || self.entries != entries {
            return Err("the store's balances are not the sums of what was committed".to_owned());
        }
        let mut totals: BTreeMap<&'static str, Money> = BTreeMap::new();
        for (_, balance) in own {
            let total = totals.entry(balance.currency().code()).or_insert(Money::zero(balance.currency()));
            *total = add(*total, balance)?;
        }
        match totals.values().find(|total| !total.is_zero()) {
            Some(total) => Err(format!("the books sum to {total}")),
            None => Ok(()),
        }
    }
}

pub(super) fn add(one: Money, other: Money) -> Result<Money, Finding> {
    one.checked_add(other).map_err(|error| error.to_string())
}
