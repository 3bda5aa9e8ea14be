//! Moving the balances of a commit's entries.

use baitech_core::kernel::{Currency, Money};
use baitech_core::ledger::Account;
use baitech_core::store::{LedgerReader, StoreError};
use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::ClientSession;
use serde::Deserialize;
use serde_with::serde_as;

use super::apply::Failure;
use super::plan::Plan;
use crate::MongoStore;
use crate::ledger::{BALANCES, balances_of};
use crate::server_error::DUPLICATE_KEY;
use crate::value::{Whole, decimal_from_bson};

/// What the server answers to an `update`.
#[serde_as]
#[derive(Debug, Deserialize)]
struct Answer {
    /// How many documents were matched or inserted.
    #[serde_as(as = "Whole")]
    n: u64,
    #[serde(default, rename = "writeErrors")]
    errors: Vec<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: i32,
    #[serde(default, rename = "errmsg")]
    message: String,
}

/// All balances in one command.
pub(super) async fn run(store: &MongoStore, plan: &Plan, session: &mut ClientSession) -> Result<(), Failure> {
    if plan.balances.is_empty() {
        return Ok(());
    }
    let command = doc! { "update": BALANCES, "updates": plan.balances.clone(), "ordered": true };
    let answer = store.database().run_command(command).session(&mut *session).await?;
    let answer: Answer = bson::deserialize_from_document(answer).map_err(mongodb::error::Error::from)?;
    match answer.errors.first() {
        // Somebody else has just made the first posting of the same account.
        Some(refusal) if refusal.code == DUPLICATE_KEY => return Err(Failure::Raced),
        Some(refusal) => return Err(Failure::Refused(StoreError::Unavailable(refusal.message.clone()))),
        None => {}
    }
    if answer.n < u64::try_from(plan.balances.len()).unwrap_or(u64::MAX) {
        return Err(Failure::Overdrawn);
    }
    for (account, taken) in plan.movements.spread_takings() {
        if spread(store, account, taken.currency(), session).await?.is_negative() {
            return Err(Failure::Overdrawn);
        }
    }
    Ok(())
}

/// The balance of a common account, as the transaction sees it.
async fn spread(
    store: &MongoStore,
    account: Account,
    currency: Currency,
    session: &mut ClientSession,
) -> Result<Money, Failure> {
    let parts = store.database().collection::<Document>(BALANCES);
    let mut found = parts.find(balances_of(account, currency)).session(&mut *session).await?;
    let parts: Vec<Document> = found.stream(session).try_collect().await?;
    let amounts = parts.iter().filter_map(|part| decimal_from_bson(part.get("amount")?));
    let sum = Money::sum(currency, amounts.map(|amount| Money::new(amount, currency)));
    sum.map_err(|error| Failure::Refused(StoreError::Malformed(error.to_string().into())))
}

impl MongoStore {
    /// The first account of which a plan takes more than there is; `None` where that has changed meanwhile.
    pub(super) async fn overdrawn(&self, plan: &Plan) -> Result<Option<Account>, StoreError> {
        for (account, taken) in plan.movements.takings() {
            let balance = self.balance(*account, taken.currency()).await?;
            let left = balance.checked_add(*taken);
            if left.is_ok_and(Money::is_negative) {
                return Ok(Some(*account));
            }
        }
        Ok(None)
    }
}
