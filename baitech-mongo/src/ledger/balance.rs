//! Running balances: the updates of balance documents by a commit's entries.
//!
//! An account of one party (a wallet, an escrow) has one document per currency. Every commit posts to the
//! platform's own accounts: with a single document, all commits would wait for each other. So the sum of such
//! an account is spread over many documents, one of which is chosen by the entry's cause.

use std::collections::BTreeMap;

use baitech_core::kernel::{Currency, Money, MoneyError};
use baitech_core::ledger::{Account, Entry};
use baitech_core::store::{AggregateRef, Binding, Bound, Limit};
use bson::oid::ObjectId;
use bson::{Bson, Decimal128, Document, doc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::serde_as;

use crate::value::{Number128, decimal_to_bson};

pub(crate) const COLLECTION: &str = "balances";

/// The number of documents over which the sum of a platform account is spread.
const STRIPES: u8 = 64;

/// One document of `balances`: the sum of an account's postings in a currency, or a part of it.
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BalanceDocument {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) account: String,
    /// ISO 4217.
    pub(super) currency: String,
    #[serde_as(as = "Number128")]
    pub(super) amount: Decimal,
}

impl BalanceDocument {
    /// The whole sum of an account in one document.
    pub(super) fn whole(account: String, currency: String, amount: Decimal) -> Self {
        let common = account.parse().is_ok_and(Account::is_common);
        Self { id: id(&account, &currency, common.then_some(0)), account, currency, amount }
    }
}

fn id(account: &str, currency: &str, stripe: Option<u8>) -> String {
    match stripe {
        Some(stripe) => format!("{account} {currency} {stripe}"),
        None => format!("{account} {currency}"),
    }
}

/// The documents of an account's balance.
pub(crate) fn of_account(account: Account, currency: Currency) -> Document {
    let (account, code, common) = (account.to_string(), currency.code(), account.is_common());
    if !common {
        return doc! { "_id": id(&account, code, None) };
    }
    let ids: Vec<String> = (0..STRIPES).map(|stripe| id(&account, code, Some(stripe))).collect();
    doc! { "_id": { "$in": ids } }
}

/// The documents of the balances of accounts that have one each.
pub(crate) fn of_accounts(accounts: impl Iterator<Item = Account>, currency: Currency) -> Document {
    let ids: Vec<String> = accounts.map(|account| id(&account.to_string(), currency.code(), None)).collect();
    doc! { "_id": { "$in": ids } }
}

/// The part of a platform account to which entries with this cause are added.
fn stripe_of(account: Account, cause: AggregateRef) -> Option<u8> {
    // FNV-1a with its high bits mixed into the low ones, since ids of the same time differ in a few bits
    // only.
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hashed = cause.id_bytes().into_iter().fold(0xcbf2_9ce4_8422_2325, hash);
    let mixed = (hashed ^ (hashed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let stripe = (mixed >> 33) % u64::from(STRIPES);
    account.is_common().then(|| u8::try_from(stripe).unwrap_or_default())
}

/// The net amounts of a commit's entries by document, in the order of the documents, and the commit's bounds.
#[derive(Debug, Default)]
pub(crate) struct Movements {
    parts: BTreeMap<(Account, &'static str, Option<u8>), Money>,
    bindings: Vec<Binding>,
}

impl Movements {
    /// The movements of entries, and the bounds that the accounts must keep.
    pub(crate) fn of(entries: &[Entry], bounds: &[Bound]) -> Result<Self, MoneyError> {
        let mut parts = BTreeMap::new();
        for entry in entries {
            for posting in &entry.postings {
                let (account, currency) = (posting.account, posting.amount.currency());
                let key = (account, currency.code(), stripe_of(account, entry.cause));
                let part = parts.entry(key).or_insert(Money::zero(currency));
                *part = part.checked_add(posting.amount)?;
            }
        }
        Ok(Self { parts, bindings: Binding::of(entries, bounds)? })
    }

    /// The bounds, in the order in which violations are reported.
    pub(crate) fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The bounds that span several documents.
    pub(crate) fn sums(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(|binding| binding.counting.is_some())
    }

    /// The updates, as the `update` command takes them. Each matches or creates a document; one that does
    /// neither is out of bounds.
    pub(crate) fn updates(&self) -> Result<Vec<Document>, MoneyOrBson> {
        let mut marked = BTreeMap::new();
        for binding in self.sums() {
            let currency = binding.movement.currency();
            for account in binding.accounts() {
                if !self.parts.contains_key(&(account, currency.code(), None)) {
                    marked.insert((account, currency.code()), mark(account, currency));
                }
            }
        }
        let marks = marked.into_values().map(Ok);
        marks.chain(self.parts.iter().map(|(key, amount)| self.update(*key, *amount))).collect()
    }

    fn update(
        &self,
        (account, code, stripe): (Account, &str, Option<u8>),
        amount: Money,
    ) -> Result<Document, MoneyOrBson> {
        let name = account.to_string();
        let add = doc! { "amount": decimal_to_bson(amount.amount())? };
        let mut filter = doc! { "_id": id(&name, code, stripe) };
        let (mut least, mut most): (Option<Money>, Option<Money>) = (None, None);
        let mut from_nothing = true;
        let of_it = |binding: &&Binding| {
            binding.account == account
                && binding.counting.is_none()
                && binding.movement.currency().code() == code
        };
        for binding in self.bindings.iter().filter(of_it) {
            from_nothing &= binding.breach(Money::zero(amount.currency()))?.is_none();
            let before = binding.limit.amount().checked_sub(binding.movement)?;
            let tighter = |known: Option<Money>, is: fn(Decimal, Decimal) -> bool| match known {
                Some(known) if is(known.amount(), before.amount()) => Some(known),
                _ => Some(before),
            };
            match binding.limit {
                Limit::Min(_) => least = tighter(least, |known, new| known > new),
                Limit::Max(_) => most = tighter(most, |known, new| known < new),
            }
        }
        let mut within = Document::new();
        if let Some(least) = least {
            within.insert("$gte", decimal_to_bson(least.amount())?);
        }
        if let Some(most) = most {
            within.insert("$lte", decimal_to_bson(most.amount())?);
        }
        if !within.is_empty() {
            filter.insert("amount", within);
        }
        if !from_nothing {
            return Ok(doc! { "q": filter, "u": { "$inc": add, "$unset": { UNPOSTED: "" } } });
        }
        let new = doc! { "account": name, "currency": code };
        let update = doc! { "$inc": add, "$setOnInsert": new, "$unset": { UNPOSTED: "" } };
        Ok(doc! { "q": filter, "u": update, "upsert": true })
    }
}

/// Why movements cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MoneyOrBson {
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Bson(#[from] bson::error::Error),
}

/// Writes to an account that only counts towards a bound. Of two concurrent commits that both fit into the
/// bound, one then has to check again.
fn mark(account: Account, currency: Currency) -> Document {
    let (filter, update) = marked(account, currency);
    doc! { "q": filter, "u": update, "upsert": true }
}

/// The document of a balance, and an update that only marks it, or creates it with zero.
pub(crate) fn marked(account: Account, currency: Currency) -> (Document, Document) {
    let (name, code) = (account.to_string(), currency.code());
    let id = id(&name, code, None);
    let zero = Bson::Decimal128(Decimal128::from_bytes(ZERO));
    let new = doc! { "account": name, "currency": code, "amount": zero, UNPOSTED: true };
    let update = doc! { "$set": { "guard": ObjectId::new() }, "$setOnInsert": new };
    (doc! { "_id": id }, update)
}

/// Marks balances that a guard or a bound created and no entry has changed yet. The trial balance omits them.
pub(crate) const UNPOSTED: &str = "unposted";

/// Zero as Decimal128: an exponent of zero, with its bias.
const ZERO: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x30];

#[cfg(test)]
mod tests {
    use baitech_core::kernel::Id;
    use baitech_core::testing::build::{entry, id as nth, kes};

    use super::*;

    fn of(account: Account) -> usize {
        let causes = (0..10_000_u64).map(|n| AggregateRef::Booking(nth(n)));
        let mut stripes: Vec<Option<u8>> = causes.map(|cause| stripe_of(account, cause)).collect();
        stripes.sort_unstable();
        stripes.dedup();
        stripes.len()
    }

    #[test]
    fn only_platform_accounts_are_spread_over_all_documents() {
        assert_eq!(of(Account::Bank), usize::from(STRIPES));
        assert_eq!(of(Account::Wallet(nth(1))), 1);
    }

    #[test]
    fn decimal128_zero_equals_zero() {
        assert_eq!(Decimal128::from_bytes(ZERO).to_string(), "0");
    }

    #[test]
    fn movements_are_netted_by_document_before_bounds_apply() {
        let cause = AggregateRef::Booking(nth(1));
        let wallet = Account::Wallet(nth(1));
        let escrow = Account::Escrow(nth(1));
        let entries = [
            entry(1, cause, wallet, escrow, kes(70)),
            entry(2, cause, Account::Bank, wallet, kes(100)),
            entry(3, cause, escrow, Account::Bank, kes(80)),
        ];
        let movements = Movements::of(&entries, &[]).unwrap();
        let amounts = |movements: &Movements| -> Vec<_> {
            movements.bindings().iter().map(|binding| (binding.account, binding.movement)).collect()
        };
        assert_eq!(amounts(&movements), [(escrow, kes(-10))]);
        let updates = movements.updates().unwrap();
        assert_eq!(updates.len(), 3);
        let guarded: Vec<&Document> =
            updates.iter().filter(|update| !update.contains_key("upsert")).collect();
        assert_eq!(guarded.len(), 1);
        assert!(guarded[0].to_string().contains(&format!("escrow:{}", Id::<Entry>::to_string(&nth(1)))));

        let open = Account::OpenTopUps(nth(1));
        let limit = Bound::at_most(wallet, kes(50)).counting(open);
        let asked = Movements::of(&entries, &[limit]).unwrap();
        assert_eq!(amounts(&asked), [(escrow, kes(-10)), (wallet, kes(30))]);
        assert_eq!(asked.updates().unwrap().len(), 4, "a mark on the other account of the bound");
    }
}
