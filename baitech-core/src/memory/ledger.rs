use std::collections::BTreeMap;

use crate::{
    kernel::{Currency, Money, MoneyError},
    ledger::{Account, Entry},
};

/// An account in a currency, by its code.
type Key = (Account, &'static str);

/// The entries, and the running balance of every account.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    balances: BTreeMap<Key, Money>,
}

impl Ledger {
    /// What the balances of the accounts concerned will be with these entries; nothing changes yet.
    pub(super) fn sums(&self, entries: &[Entry]) -> Result<BTreeMap<Key, Money>, MoneyError> {
        let mut sums = BTreeMap::new();
        for posting in entries.iter().flat_map(|entry| &entry.postings) {
            let currency = posting.amount.currency();
            let key = (posting.account, currency.code());
            let before = sums.get(&key).copied().unwrap_or_else(|| self.balance(posting.account, currency));
            sums.insert(key, before.checked_add(posting.amount)?);
        }
        Ok(sums)
    }

    /// Books entries whose [`sums`](Self::sums) these are.
    pub(super) fn book(&mut self, entries: Vec<Entry>, sums: BTreeMap<Key, Money>) {
        self.entries.extend(entries);
        self.balances.extend(sums);
    }

    pub(super) fn balance(&self, account: Account, currency: Currency) -> Money {
        self.balances.get(&(account, currency.code())).copied().unwrap_or(Money::zero(currency))
    }

    pub(super) fn balances(&self) -> Vec<(Account, Money)> {
        self.balances.iter().map(|((account, _), balance)| (*account, *balance)).collect()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
