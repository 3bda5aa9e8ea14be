use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use chrono::{DateTime, Utc};

use crate::{
    kernel::{Code, Currency, Cursor, Id, Money, MoneyError, Violation},
    ledger::{Account, AccountLine, Entry},
    store::StoreError,
};

/// The place of an entry in the list of an account.
pub(super) type LineKey = (Reverse<DateTime<Utc>>, Id<Entry>);

/// An account in a currency, by its code.
type Key = (Account, &'static str);

/// The entries, and the running balance of every account.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    balances: BTreeMap<Key, Money>,
    /// The entries of each account, the newest first.
    by_account: HashMap<Account, BTreeMap<LineKey, usize>>,
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

    /// Fails where an account that must not be below zero would be, by what the entries take from it.
    pub(super) fn check_funds(
        &self,
        sums: &BTreeMap<Key, Money>,
        solvent: &[Account],
    ) -> Result<(), StoreError> {
        for ((account, code), sum) in sums {
            let guarded = account.is_bounded() || solvent.contains(account);
            let before = self.balances.get(&(*account, *code)).copied();
            let lowered = sum.amount() < before.unwrap_or(Money::zero(sum.currency())).amount();
            if guarded && lowered && sum.is_negative() {
                return Err(StoreError::Overdrawn(*account));
            }
        }
        Ok(())
    }

    /// Books entries whose [`sums`](Self::sums) these are.
    pub(super) fn book(&mut self, entries: Vec<Entry>, sums: BTreeMap<Key, Money>) {
        for entry in &entries {
            let mut accounts: Vec<Account> = entry.postings.iter().map(|posting| posting.account).collect();
            accounts.sort_unstable();
            accounts.dedup();
            for account in accounts {
                self.by_account
                    .entry(account)
                    .or_default()
                    .insert((Reverse(entry.at), entry.id), self.entries.len());
            }
            self.entries.push(entry.clone());
        }
        self.balances.extend(sums);
    }

    pub(super) fn balance(&self, account: Account, currency: Currency) -> Money {
        self.balances.get(&(account, currency.code())).copied().unwrap_or(Money::zero(currency))
    }

    pub(super) fn balances(&self) -> Vec<(Account, Money)> {
        self.balances.iter().map(|((account, _), balance)| (*account, *balance)).collect()
    }

    /// The balances, summed anew from every posting.
    pub(super) fn recount(&self) -> Vec<(Account, Money)> {
        let mut sums: BTreeMap<Key, Money> = BTreeMap::new();
        for posting in self.entries.iter().flat_map(|entry| &entry.postings) {
            let currency = posting.amount.currency();
            let sum = sums.entry((posting.account, currency.code())).or_insert(Money::zero(currency));
            *sum = sum.checked_add(posting.amount).unwrap_or(*sum);
        }
        sums.into_iter().map(|((account, _), balance)| (account, balance)).collect()
    }

    /// Entries of an account after a place, each with what it moves there, in one line a currency.
    pub(super) fn lines(&self, account: Account, after: Option<LineKey>, limit: usize) -> Vec<AccountLine> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let found = self.by_account.get(&account).map(|lines| lines.range((from, Bound::Unbounded)));
        let entries = found.into_iter().flatten().filter_map(|(_, place)| self.entries.get(*place));
        entries.take(limit).flat_map(|entry| entry.lines_of(account)).collect()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// The place that a cursor names.
pub(super) fn line_position(cursor: &Cursor) -> Result<LineKey, StoreError> {
    let (millis, id) = cursor.parts::<i64, Id<Entry>>().map_err(StoreError::Cursor)?;
    let at = DateTime::from_timestamp_millis(millis).ok_or_else(|| {
        StoreError::Cursor(Violation::new("cursor", Code::Malformed, "this is not a cursor of this list"))
    })?;
    Ok((Reverse(at), id))
}
