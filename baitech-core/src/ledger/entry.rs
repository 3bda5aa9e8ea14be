use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Account;
use crate::{
    kernel::{Currency, Error, Id, Money, MoneyError},
    store::AggregateRef,
};

/// One side of an entry: an amount added to an account (credit positive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// How much; never zero.
    pub amount: Money,
}

/// What a store keeps of an [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryRecord {
    /// Its id.
    pub id: Id<Entry>,
    /// The document that caused it.
    pub cause: AggregateRef,
    /// What it is for, in the field's terms: `cash payment`, `cancellation fee`.
    pub description: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// At least two; they sum to zero in each currency.
    pub postings: Vec<Posting>,
}

/// A balanced entry. It cannot be made unbalanced, and is never changed: a mistake is corrected by another
/// entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Entry(EntryRecord);

/// The postings do not sum to zero.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnbalancedEntry {
    /// They sum to this.
    #[error("the postings sum to {0}, not to zero")]
    Sum(Money),
    /// There are fewer than two.
    #[error("an entry has at least two postings")]
    TooFew,
    /// They cannot be summed.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<UnbalancedEntry> for Error {
    fn from(error: UnbalancedEntry) -> Self {
        match error {
            UnbalancedEntry::Money(error) => error.into(),
            UnbalancedEntry::Sum(_) | UnbalancedEntry::TooFew => Self::Internal { reason: error.to_string() },
        }
    }
}

impl Entry {
    /// An entry of these postings; those of zero are left out.
    ///
    /// # Errors
    /// [`UnbalancedEntry`].
    pub fn new(mut record: EntryRecord) -> Result<Self, UnbalancedEntry> {
        record.postings.retain(|posting| !posting.amount.is_zero());
        if record.postings.len() < 2 {
            return Err(UnbalancedEntry::TooFew);
        }
        let mut currencies: Vec<Currency> = record.postings.iter().map(|p| p.amount.currency()).collect();
        currencies.dedup();
        for currency in currencies {
            let amounts = record.postings.iter().map(|posting| posting.amount);
            let sum = Money::sum(currency, amounts.filter(|amount| amount.currency() == currency))?;
            if !sum.is_zero() {
                return Err(UnbalancedEntry::Sum(sum));
            }
        }
        Ok(Self(record))
    }

    /// What it moves on an account, in one line a currency.
    pub fn lines_of(&self, account: Account) -> impl Iterator<Item = AccountLine> {
        let mut sums: Vec<Money> = Vec::new();
        for posting in self.postings.iter().filter(|posting| posting.account == account) {
            match sums.iter_mut().find(|sum| sum.currency() == posting.amount.currency()) {
                Some(sum) => *sum = sum.checked_add(posting.amount).unwrap_or(*sum),
                None => sums.push(posting.amount),
            }
        }
        let (entry, cause, description, at) = (self.id, self.cause, self.description.clone(), self.at);
        sums.into_iter().map(move |amount| AccountLine {
            entry,
            cause,
            account,
            amount,
            description: description.clone(),
            at,
        })
    }

    /// What a store keeps.
    #[must_use]
    pub fn into_record(self) -> EntryRecord {
        self.0
    }
}

impl Deref for Entry {
    type Target = EntryRecord;

    fn deref(&self) -> &EntryRecord {
        &self.0
    }
}

/// One posting of an account, with what it was for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountLine {
    /// The entry that it is of.
    pub entry: Id<Entry>,
    /// The document that caused it.
    pub cause: AggregateRef,
    /// Which account.
    pub account: Account,
    /// How much; credit is positive.
    pub amount: Money,
    /// What for.
    pub description: String,
    /// When.
    pub at: DateTime<Utc>,
}
