//! Running balances: what a commit's entries add to which document.
//!
//! An account of one party (a wallet, an escrow) has one document a currency. On the platform's own accounts the entries of
//! everybody meet: one document would be written by every commit, and every commit would wait for every other. Their sum is spread
//! over many documents instead, of which an entry's cause chooses one.

use std::collections::BTreeMap;

use baitech_core::kernel::{Currency, Money, MoneyError};
use baitech_core::ledger::{Account, Entry};
use baitech_core::store::AggregateRef;
use bson::oid::ObjectId;
use bson::{Bson, Decimal128, Document, doc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::serde_as;

use crate::value::{Number128, decimal_to_bson};

pub(crate) const COLLECTION: &str = "balances";

/// Over so many documents the sum of a common account is spread.
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

/// The part of a common account that entries of this cause count in.
fn stripe_of(account: Account, cause: AggregateRef) -> Option<u8> {
    // FNV-1a, and its high bits mixed into the low ones: ids of one moment differ in a few bits only.
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hashed = cause.id_bytes().into_iter().fold(0xcbf2_9ce4_8422_2325, hash);
    let mixed = (hashed ^ (hashed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let stripe = (mixed >> 33) % u64::from(STRIPES);
    account.is_common().then(|| u8::try_from(stripe).unwrap_or_default())
}

/// What a commit's entries add, netted by document, in the order of the documents.
#[derive(Debug, Default)]
pub(crate) struct Movements {
    parts: BTreeMap<(Account, &'static str, Option<u8>), Money>,
    /// What is taken from accounts that must not end below zero, as amounts below zero.
    takings: Vec<(Account, Money)>,
}

impl Movements {
    /// The movements of entries, after which the bounded accounts and these others must not be below zero.
    pub(crate) fn of(entries: &[Entry], solvent: &[Account]) -> Result<Self, MoneyError> {
        let mut parts = BTreeMap::new();
        let mut sums = BTreeMap::new();
        for entry in entries {
            for posting in &entry.postings {
                let (account, currency) = (posting.account, posting.amount.currency());
                let key = (account, currency.code());
                let zero = Money::zero(currency);
                let sum = sums.entry(key).or_insert(zero);
                *sum = sum.checked_add(posting.amount)?;
                let part = parts.entry((key.0, key.1, stripe_of(account, entry.cause))).or_insert(zero);
                *part = part.checked_add(posting.amount)?;
            }
        }
        let guarded = |account: &Account| account.is_bounded() || solvent.contains(account);
        let takings = sums.into_iter().filter(|((account, _), sum)| sum.is_negative() && guarded(account));
        Ok(Self { takings: takings.map(|((account, _), sum)| (account, sum)).collect(), parts })
    }

    /// What is taken from accounts that must not end below zero, in the order in which it is told.
    pub(crate) fn takings(&self) -> &[(Account, Money)] {
        &self.takings
    }

    /// Of these, those of which no single document says whether there is enough.
    pub(crate) fn spread_takings(&self) -> impl Iterator<Item = (Account, Money)> {
        self.takings.iter().copied().filter(|(account, _)| account.is_common())
    }

    /// The updates, as the `update` command takes them. Each matches a document; one that does not finds too little in it.
    pub(crate) fn updates(&self) -> Result<Vec<Document>, bson::error::Error> {
        let marks = self.spread_takings().map(|(account, taken)| Ok(mark(account, taken.currency())));
        marks.chain(self.parts.iter().map(|(key, amount)| self.update(*key, *amount))).collect()
    }

    fn update(
        &self,
        (account, code, stripe): (Account, &str, Option<u8>),
        amount: Money,
    ) -> Result<Document, bson::error::Error> {
        let name = account.to_string();
        let id = id(&name, code, stripe);
        let add = doc! { "amount": decimal_to_bson(amount.amount())? };
        let currency = amount.currency();
        let is_taking = |(taken, sum): &(Account, Money)| *taken == account && sum.currency() == currency;
        if stripe.is_none() && self.takings.iter().any(is_taking) {
            let enough = doc! { "$gte": decimal_to_bson(-amount.amount())? };
            return Ok(doc! { "q": { "_id": id, "amount": enough }, "u": { "$inc": add } });
        }
        let new = doc! { "account": name, "currency": code };
        Ok(doc! { "q": { "_id": id }, "u": { "$inc": add, "$setOnInsert": new }, "upsert": true })
    }
}

/// Writes to one part of a common account, so that of two commits that each see enough in all parts one has to look again.
fn mark(account: Account, currency: Currency) -> Document {
    let (name, code) = (account.to_string(), currency.code());
    let id = id(&name, code, Some(0));
    let zero = Bson::Decimal128(Decimal128::from_bytes(ZERO));
    let new = doc! { "account": name, "currency": code, "amount": zero };
    let update = doc! { "$set": { "guard": ObjectId::new() }, "$setOnInsert": new };
    doc! { "q": { "_id": id }, "u": update, "upsert": true }
}

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
    fn a_common_account_is_spread_over_all_its_documents_and_others_are_not() {
        assert_eq!(of(Account::Bank), usize::from(STRIPES));
        assert_eq!(of(Account::Wallet(nth(1))), 1);
    }

    #[test]
    fn zero_is_zero() {
        assert_eq!(Decimal128::from_bytes(ZERO).to_string(), "0");
    }

    #[test]
    fn movements_are_netted_by_document_before_anything_is_asked_of_it() {
        let cause = AggregateRef::Booking(nth(1));
        let wallet = Account::Wallet(nth(1));
        let escrow = Account::Escrow(nth(1));
        let entries = [
            entry(1, cause, wallet, escrow, kes(70)),
            entry(2, cause, Account::Bank, wallet, kes(100)),
            entry(3, cause, escrow, Account::Bank, kes(80)),
        ];
        let movements = Movements::of(&entries, &[]).unwrap();
        assert_eq!(movements.takings(), [(escrow, kes(-10))]);
        let updates = movements.updates().unwrap();
        assert_eq!(updates.len(), 3);
        let guarded: Vec<&Document> =
            updates.iter().filter(|update| !update.contains_key("upsert")).collect();
        assert_eq!(guarded.len(), 1);
        assert!(guarded[0].to_string().contains(&format!("escrow:{}", Id::<Entry>::to_string(&nth(1)))));

        let asked = Movements::of(&entries, &[Account::Bank]).unwrap();
        assert_eq!(asked.takings(), [(Account::Bank, kes(-20)), (escrow, kes(-10))]);
        assert_eq!(asked.updates().unwrap().len(), 4, "a mark besides");
    }
}
