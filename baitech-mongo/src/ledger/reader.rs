//! Balances: sums of postings, made by the server in exact decimals.

use async_trait::async_trait;
use baitech_core::kernel::{Currency, Money};
use baitech_core::ledger::Account;
use baitech_core::store::{LedgerReader, StoreError};
use bson::{Document, doc};
use futures::TryStreamExt;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_with::serde_as;

use super::COLLECTION;
use crate::MongoStore;
use crate::server_error::unavailable;
use crate::value::Number128;

#[serde_as]
#[derive(Debug, Deserialize)]
struct Balance {
    #[serde(rename = "_id")]
    of: BalanceKey,
    #[serde_as(as = "Number128")]
    sum: Decimal,
}

#[derive(Debug, Deserialize)]
struct BalanceKey {
    account: String,
    currency: String,
}

impl Balance {
    fn into_parts(self) -> Result<(Account, Money), StoreError> {
        let Self { of: BalanceKey { account, currency }, sum } = self;
        let corrupt =
            |reason: String| StoreError::Corrupt { collection: COLLECTION, id: account.clone(), reason };
        let known = Currency::from_code(&currency);
        let known = known.ok_or_else(|| corrupt(format!("{currency:?} is not a currency of ISO 4217")))?;
        let parsed =
            account.parse().map_err(|_| corrupt("the account is none of the ledger's".to_owned()))?;
        Ok((parsed, Money::new(sum, known)))
    }
}

#[async_trait]
impl LedgerReader for MongoStore {
    async fn balance(&self, account: Account, currency: Currency) -> Result<Money, StoreError> {
        let posting = doc! { "postings.account": account.to_string(), "postings.currency": currency.code() };
        let stages = [
            doc! { "$match": { "postings.account": account.to_string() } },
            doc! { "$unwind": "$postings" },
            doc! { "$match": posting },
            group_by_account(),
        ];
        let balances = self.balances(stages).await?;
        Ok(balances.first().map_or(Money::zero(currency), |(_, balance)| *balance))
    }

    async fn trial_balance(&self) -> Result<Vec<(Account, Money)>, StoreError> {
        let mut balances = self.balances([doc! { "$unwind": "$postings" }, group_by_account()]).await?;
        balances.sort_by_key(|(account, balance)| (*account, balance.currency().code()));
        Ok(balances)
    }
}

fn group_by_account() -> Document {
    let key = doc! { "account": "$postings.account", "currency": "$postings.currency" };
    doc! { "$group": { "_id": key, "sum": { "$sum": "$postings.amount" } } }
}

impl MongoStore {
    async fn balances(
        &self,
        stages: impl IntoIterator<Item = Document>,
    ) -> Result<Vec<(Account, Money)>, StoreError> {
        let cursor = self
            .raw(COLLECTION)
            .aggregate(stages)
            .allow_disk_use(true)
            .with_type::<Balance>()
            .await
            .map_err(unavailable)?;
        let balances: Vec<Balance> = cursor.try_collect().await.map_err(unavailable)?;
        balances.into_iter().map(Balance::into_parts).collect()
    }
}
