//! The balance of a wallet with many postings, and of a platform account.

use std::{hint::black_box, sync::Arc};

use baitech::{
    kernel::{Currency, Id},
    ledger::Account,
    store::LedgerReader,
};
use bson::{Decimal128, Document, doc};
use futures::TryStreamExt;

use crate::{Result, funds::Funds, rivals::Rivals};

/// Reads one document by its id.
#[derive(Debug)]
pub(crate) struct OfWallet(pub(crate) Arc<Funds>);

impl Rivals for OfWallet {
    const NAME: &'static str = "balance of a wallet";
    const GOAL: Option<f64> = None;
    type ForStore = ();
    type ForDriver = ();

    async fn prepare(&self, rounds: u64) -> Result<Vec<((), ())>> {
        Ok((0..rounds).map(|_| ((), ())).collect())
    }

    async fn by_store(&self, (): ()) -> Result<()> {
        let balance = self.0.store().balance(self.0.wallet, Currency::KES).await?;
        black_box(balance);
        Ok(())
    }

    async fn by_driver(&self, (): ()) -> Result<()> {
        let id = format!("{} KES", self.0.wallet);
        let found = self.0.balances().find_one(doc! { "_id": id }).await?.ok_or("no balance")?;
        black_box(amount(&found)?);
        Ok(())
    }
}

/// Reads and sums all parts of a platform account.
#[derive(Debug)]
pub(crate) struct OfRevenue(pub(crate) Arc<Funds>);

impl Rivals for OfRevenue {
    const NAME: &'static str = "balance of revenue";
    const GOAL: Option<f64> = None;
    type ForStore = ();
    type ForDriver = ();

    async fn prepare(&self, rounds: u64) -> Result<Vec<((), ())>> {
        Ok((0..rounds).map(|_| ((), ())).collect())
    }

    async fn by_store(&self, (): ()) -> Result<()> {
        let balance = self.0.store().balance(Account::PlatformRevenue, Currency::KES).await?;
        black_box(balance);
        Ok(())
    }

    async fn by_driver(&self, (): ()) -> Result<()> {
        let ids: Vec<String> = (0..64).map(|part| format!("platform_revenue KES {part}")).collect();
        let parts = self.0.balances().find(doc! { "_id": { "$in": ids } }).await?;
        let parts: Vec<Document> = parts.try_collect().await?;
        black_box(parts.iter().map(amount).collect::<Result<Vec<_>>>()?);
        Ok(())
    }
}

fn amount(balance: &Document) -> Result<Decimal128> {
    match balance.get("amount") {
        Some(bson::Bson::Decimal128(amount)) => Ok(*amount),
        other => Err(format!("{other:?} is not an amount").into()),
    }
}

/// A new id.
pub(crate) fn fresh<T>() -> Id<T> {
    Id::from_bytes(bson::oid::ObjectId::new().bytes())
}
