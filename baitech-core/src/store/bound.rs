use std::{collections::BTreeMap, fmt};

use super::Entry;
use crate::{
    catalog::Account,
    kernel::{Money, MoneyError},
};

/// Limits of an account, or of the sum of two accounts, that a commit must respect.
///
/// A bound applies only in the direction in which the entries of the set move the sum: `min` if they lower
/// it, `max` if they raise it. So if a limit is tightened past the current balance, movements back towards it
/// are still possible. Only movements and balances in the currency of the limit count.
///
/// The platform's own accounts have no bounds, because the entries of all users meet there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The bounded account.
    pub account: Account,
    /// A second account that is added to the sum, for pending amounts.
    pub counting: Option<Account>,
    /// Minimum of the sum.
    pub min: Option<Money>,
    /// Maximum of the sum.
    pub max: Option<Money>,
}

impl Bound {
    /// A bound that keeps the account at or above `min`.
    #[must_use]
    pub const fn at_least(account: Account, min: Money) -> Self {
        Self { account, counting: None, min: Some(min), max: None }
    }

    /// A bound that keeps the account at or below `max`.
    #[must_use]
    pub const fn at_most(account: Account, max: Money) -> Self {
        Self { account, counting: None, min: None, max: Some(max) }
    }

    /// Adds the balance of another account to the sum.
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

/// A bound in the direction in which the entries of a set move the sum, with the amount of the movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The account that the bound names.
    pub account: Account,
    /// A second account that is added to the sum.
    pub counting: Option<Account>,
    /// The limit of the sum after the movement.
    pub limit: Limit,
    /// Total of the entries on these accounts.
    pub movement: Money,
}

/// One of the two limits of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The minimum.
    Min(Money),
    /// The maximum.
    Max(Money),
}

/// The bound that a commit would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// The account that the bound names.
    pub account: Account,
    /// The limit that the balance would have exceeded.
    pub limit: Limit,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Limit::Min(min) => write!(f, "the balance of {} would fall below {min}", self.account),
            Limit::Max(max) => write!(f, "the balance of {} would rise above {max}", self.account),
        }
    }
}

impl Binding {
    /// The bindings of a set of entries: its own bounds, and the rule that an account which holds a party's
    /// money must not fall below zero ([`Account::is_bounded`]). Sorted by account and currency.
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

    /// The accounts whose sum is bounded.
    pub fn accounts(&self) -> impl Iterator<Item = Account> {
        [Some(self.account), self.counting].into_iter().flatten()
    }

    /// The limit that the movement would break, given the sum of the accounts before it.
    ///
    /// # Errors
    /// [`MoneyError`] for a balance in another currency, or if a sum overflows.
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
