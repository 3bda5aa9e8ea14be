use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::AggregateRef;
use crate::{
    catalog::Account,
    kernel::{Currency, Error, Id, Money, MoneyError},
};

/// One side of an entry: an amount on an account (credit is positive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// The amount; never zero.
    pub amount: Money,
}

/// The stored form of an [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryRecord {
    /// Its id.
    pub id: Id<Entry>,
    /// The document that caused it.
    pub cause: AggregateRef,
    /// The purpose, in accounting terms: `cash payment`, `cancellation fee`.
    pub description: String,
    /// The time of the entry.
    pub at: DateTime<Utc>,
    /// At least two; they sum to zero in each currency.
    pub postings: Vec<Posting>,
}

/// A balanced entry. It cannot be constructed unbalanced and never changes: another entry corrects a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Entry(EntryRecord);

/// The postings do not sum to zero.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnbalancedEntry {
    /// They sum to this amount instead.
    #[error("the postings must sum to zero but sum to {0}")]
    Sum(Money),
    /// There are fewer than two.
    #[error("an entry must have at least two postings")]
    TooFew,
    /// They cannot be added.
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
    /// Creates an entry. Postings of zero are left out.
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

    /// The lines of an account, one per currency.
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

    /// The record to store.
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

/// One posting of an account, with its entry's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountLine {
    /// The entry of the posting.
    pub entry: Id<Entry>,
    /// The document that caused it.
    pub cause: AggregateRef,
    /// The account.
    pub account: Account,
    /// The amount; credit is positive.
    pub amount: Money,
    /// The purpose.
    pub description: String,
    /// The time of the entry.
    pub at: DateTime<Utc>,
}
