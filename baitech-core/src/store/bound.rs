use std::{collections::BTreeMap, fmt};

use crate::{
    kernel::{Money, MoneyError},
    ledger::{Account, Entry},
};

/// Limits of an account, or of the sum of two, that a commit must keep.
///
/// A bound applies only in the direction in which the entries of the set move the sum: what lowers it is held
/// to `min`, what raises it to `max`. So a limit that was lowered below what is there stops no movement back
/// towards it. Only movements and balances in the currency of the limit count.
///
/// Accounts of the platform itself have no bounds: the entries of everybody meet there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Which account.
    pub account: Account,
    /// An account that counts with it: what is asked for and has not come yet.
    pub counting: Option<Account>,
    /// The least that the sum may be.
    pub min: Option<Money>,
    /// The most that the sum may be.
    pub max: Option<Money>,
}

impl Bound {
    /// The account must not fall below this.
    #[must_use]
    pub const fn at_least(account: Account, min: Money) -> Self {
        Self { account, counting: None, min: Some(min), max: None }
    }

    /// The account must not rise above this.
    #[must_use]
    pub const fn at_most(account: Account, max: Money) -> Self {
        Self { account, counting: None, min: None, max: Some(max) }
    }

    /// With the balance of another account added.
    #[must_use]
    pub const fn counting(mut self, account: Account) -> Self {
        self.counting = Some(account);
        self
    }

    /// The accounts whose sum is bounded.
    pub fn accounts(&self) -> impl Iterator<Item = Account> {
        [Some(self.account), self.counting].into_iter().flatten()
    }
}

/// A bound that the entries of a set move towards, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The account that the bound names.
    pub account: Account,
    /// An account that counts with it.
    pub counting: Option<Account>,
    /// What the balances must not pass.
    pub limit: Limit,
    /// What the entries add to the sum.
    pub movement: Money,
}

/// The end of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The least.
    Min(Money),
    /// The most.
    Max(Money),
}

/// Which bound a commit would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// The account that the bound names.
    pub account: Account,
    /// What its balance would have passed.
    pub limit: Limit,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Limit::Min(min) => write!(f, "{} would fall below {min}", self.account),
            Limit::Max(max) => write!(f, "{} would rise above {max}", self.account),
        }
    }
}

impl Binding {
    /// What a set of entries has to keep: its own bounds, and that an account which holds something for
    /// somebody does not fall below zero ([`Account::is_bounded`]). Sorted by account and currency.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn of(entries: &[Entry], bounds: &[Bound]) -> Result<Vec<Self>, MoneyError> {
        let mut sums: BTreeMap<(Account, &'static str), Money> = BTreeMap::new();
        for posting in entries.iter().flat_map(|entry| &entry.postings) {
            let currency = posting.amount.currency();
            let sum = sums.entry((posting.account, currency.code())).or_insert(Money::zero(currency));
            *sum = sum.checked_add(posting.amount)?;
        }
        let held = sums.iter().filter(|((account, _), sum)| account.is_bounded() && sum.is_negative());
        let mut bindings: Vec<Self> = held
            .map(|((account, _), sum)| Self {
                account: *account,
                counting: None,
                limit: Limit::Min(Money::zero(sum.currency())),
                movement: *sum,
            })
            .collect();
        for bound in bounds {
            let limits = [bound.min.map(Limit::Min), bound.max.map(Limit::Max)];
            for limit in limits.into_iter().flatten() {
                let mut movement = Money::zero(limit.amount().currency());
                for account in bound.accounts() {
                    if let Some(sum) = sums.get(&(account, movement.currency().code())) {
                        movement = movement.checked_add(*sum)?;
                    }
                }
                let binding = Self { account: bound.account, counting: bound.counting, limit, movement };
                if binding.is_approached() {
                    bindings.push(binding);
                }
            }
        }
        bindings.sort_by_key(|binding| (binding.account, binding.movement.currency().code()));
        Ok(bindings)
    }

    /// The accounts whose sum counts.
    pub fn accounts(&self) -> impl Iterator<Item = Account> {
        [Some(self.account), self.counting].into_iter().flatten()
    }

    /// What is broken where the sum of the accounts is so much before the entries.
    ///
    /// # Errors
    /// [`MoneyError`] for a balance in another currency, or sums that do not fit.
    pub fn breach(&self, balance: Money) -> Result<Option<Breach>, MoneyError> {
        let after = balance.checked_add(self.movement)?;
        let passed = match self.limit {
            Limit::Min(min) => after.amount() < min.amount(),
            Limit::Max(max) => after.amount() > max.amount(),
        };
        Ok(passed.then_some(Breach { account: self.account, limit: self.limit }))
    }

    fn is_approached(&self) -> bool {
        match self.limit {
            Limit::Min(_) => self.movement.is_negative(),
            Limit::Max(_) => !self.movement.is_negative() && !self.movement.is_zero(),
        }
    }
}

impl Limit {
    /// The amount.
    #[must_use]
    pub const fn amount(self) -> Money {
        match self {
            Self::Min(amount) | Self::Max(amount) => amount,
        }
    }
}
