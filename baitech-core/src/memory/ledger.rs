use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use crate::{
    kernel::{Code, Currency, Cursor, Id, Money, MoneyError, Violation},
    ledger::{Account, AccountLine, Entry},
    store::{Binding, StoreError},
};

/// The position of an entry in an account's list, in the milliseconds that a cursor contains.
type LineKey = (Reverse<i64>, Id<Entry>);

/// The position of a line: its entry, and its index among the entry's lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    entry: LineKey,
    line: usize,
}

impl Place {
    pub(super) fn parse(cursor: &Cursor) -> Result<Self, StoreError> {
        let (key, id) = cursor.parts::<String, Id<Entry>>().map_err(StoreError::Cursor)?;
        let parsed = key.split_once('.').and_then(|(at, line)| Some((at.parse().ok()?, line.parse().ok()?)));
        let (millis, line) = parsed.ok_or_else(|| {
            StoreError::Cursor(Violation::new(
                "cursor",
                Code::Malformed,
                "the cursor belongs to another list",
            ))
        })?;
        Ok(Self { entry: (Reverse(millis), id), line })
    }

    pub(super) fn cursor(self) -> Cursor {
        let (Reverse(millis), id) = self.entry;
        Cursor::new(format!("{millis}.{}", self.line), id)
    }
}

fn line_key(entry: &Entry) -> LineKey {
    (Reverse(entry.at.timestamp_millis()), entry.id)
}

/// An account and a currency code.
type Key = (Account, &'static str);

/// The entries, and the running balances of all accounts.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    balances: BTreeMap<Key, Money>,
    /// The entries of each account, newest first.
    by_account: HashMap<Account, BTreeMap<LineKey, usize>>,
}

impl Ledger {
    /// The balances of the affected accounts after these entries; changes nothing.
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

    /// The sum of a bound's accounts.
    pub(super) fn balance_of(&self, binding: &Binding) -> Result<Money, MoneyError> {
        let currency = binding.movement.currency();
        Money::sum(currency, binding.accounts().map(|account| self.balance(account, currency)))
    }

    /// Posts entries, with the balances that [`sums`](Self::sums) computed.
    pub(super) fn book(&mut self, entries: Vec<Entry>, sums: BTreeMap<Key, Money>) {
        for entry in &entries {
            let mut accounts: Vec<Account> = entry.postings.iter().map(|posting| posting.account).collect();
            accounts.sort_unstable();
            accounts.dedup();
            for account in accounts {
                self.by_account.entry(account).or_default().insert(line_key(entry), self.entries.len());
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

    /// The balances, recomputed from all postings.
    pub(super) fn recount(&self) -> Vec<(Account, Money)> {
        let mut sums: BTreeMap<Key, Money> = BTreeMap::new();
        for posting in self.entries.iter().flat_map(|entry| &entry.postings) {
            let currency = posting.amount.currency();
            let sum = sums.entry((posting.account, currency.code())).or_insert(Money::zero(currency));
            *sum = sum.checked_add(posting.amount).unwrap_or(*sum);
        }
        sums.into_iter().map(|((account, _), balance)| (account, balance)).collect()
    }

    /// Up to `limit` lines of an account after a position: the amounts of each entry, one line per currency.
    pub(super) fn lines(
        &self,
        account: Account,
        after: Option<Place>,
        limit: usize,
    ) -> Vec<(Place, AccountLine)> {
        // The last line's entry may have further lines.
        let from = after.map_or(Bound::Unbounded, |after| Bound::Included(after.entry));
        let found = self.by_account.get(&account).map(|lines| lines.range((from, Bound::Unbounded)));
        let entries = found.into_iter().flatten().filter_map(|(_, place)| self.entries.get(*place));
        let lines = entries.flat_map(|entry| {
            let places = (0..).map(|line| Place { entry: line_key(entry), line });
            places.zip(entry.lines_of(account))
        });
        let is_seen = |(place, _): &(Place, AccountLine)| {
            after.is_some_and(|after| place.entry == after.entry && place.line <= after.line)
        };
        lines.filter(|line| !is_seen(line)).take(limit).collect()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
