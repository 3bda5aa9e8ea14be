//! Running balances, and balances recomputed from postings.

use std::collections::BTreeMap;

use async_trait::async_trait;
use baitech_core::kernel::{Currency, Money, Page, PageRequest};
use baitech_core::ledger::{Account, AccountLine};
use baitech_core::store::{LedgerReader, StoreError};
use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::Cursor as Found;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_with::serde_as;

use super::balance::{BalanceDocument, UNPOSTED, of_account};
use super::start::Before;
use super::{BALANCES, COLLECTION};
use crate::MongoStore;
use crate::server_error::unavailable;
use crate::value::Number128;

/// A balance, summed by the server in exact decimals.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(super) struct Sum {
    #[serde(rename = "_id")]
    pub(super) of: SumKey,
    #[serde_as(as = "Number128")]
    pub(super) sum: Decimal,
}

#[derive(Debug, Deserialize)]
pub(super) struct SumKey {
    pub(super) account: String,
    pub(super) currency: String,
}

/// The sums of all postings by account and currency.
pub(super) fn sums_of_postings() -> [Document; 2] {
    let key = doc! { "account": "$postings.account", "currency": "$postings.currency" };
    [
        doc! { "$unwind": "$postings" },
        doc! { "$group": { "_id": key, "sum": { "$sum": "$postings.amount" } } },
    ]
}

#[async_trait]
impl LedgerReader for MongoStore {
    async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError> {
        self.start_balances(Before::Reading).await.map_err(unavailable)?;
        let balances = self.database().collection::<BalanceDocument>(BALANCES);
        let found = balances.find(of_account(account, currency)).await.map_err(unavailable)?;
        let sums = summed(found).await?;
        Ok(sums.into_iter().next().map_or(Money::zero(currency), |(_, balance)| balance))
    }

    async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        self.start_balances(Before::Reading).await.map_err(unavailable)?;
        let balances = self.database().collection::<BalanceDocument>(BALANCES);
        summed(balances.find(doc! { UNPOSTED: { "$exists": false } }).await.map_err(unavailable)?).await
    }

    async fn recount(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        let ledger = self.raw(COLLECTION);
        let sums = ledger.aggregate(sums_of_postings()).allow_disk_use(true);
        let mut found = sums.with_type::<Sum>().await.map_err(unavailable)?;
        let mut sums = Sums::default();
        while let Some(Sum { of, sum }) = found.try_next().await.map_err(unavailable)? {
            sums.add(COLLECTION, &of.account, &of.currency, sum)?;
        }
        Ok(sums.into_sorted())
    }

    async fn account_lines(
        &self,
        account: Account,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>, StoreError> {
        self.lines_of(account, page).await
    }
}

async fn summed(mut found: Found<BalanceDocument>) -> Result<Vec<(Account, Money)>, StoreError> {
    let mut sums = Sums::default();
    while let Some(part) = found.try_next().await.map_err(unavailable)? {
        sums.add(BALANCES, &part.account, &part.currency, part.amount)?;
    }
    Ok(sums.into_sorted())
}

/// Sums by account and currency code.
#[derive(Debug, Default)]
struct Sums(BTreeMap<(Account, &'static str), Money>);

impl Sums {
    fn add(
        &mut self,
        collection: &'static str,
        account: &str,
        code: &str,
        amount: Decimal,
    ) -> Result<(), StoreError> {
        let corrupt = |reason: String| StoreError::Corrupt { collection, id: account.to_owned(), reason };
        let currency = Currency::from_code(code)
            .ok_or_else(|| corrupt(format!("{code:?} is not a currency code of ISO 4217")))?;
        let parsed =
            account.parse().map_err(|_| corrupt("the account is not a ledger account".to_owned()))?;
        let sum = self.0.entry((parsed, currency.code())).or_insert(Money::zero(currency));
        *sum = sum.checked_add(Money::new(amount, currency)).map_err(|error| corrupt(error.to_string()))?;
        Ok(())
    }

    fn into_sorted(self) -> Vec<(Account, Money)> {
        self.0.into_iter().map(|((account, _), sum)| (account, sum)).collect()
    }
}
