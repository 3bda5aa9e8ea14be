//! Updating the balances by a commit's entries.

use baitech_core::kernel::{Money, MoneyError};
use baitech_core::ledger::Account;
use baitech_core::store::{Binding, Breach, LedgerReader, Limit, StoreError};
use bson::Document;
use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::options::ReturnDocument;

use super::apply::Failure;
use super::plan::Plan;
use crate::MongoStore;
use crate::ledger::{BALANCES, balances_of_all, marked};
use crate::server_error::duplicate_key;
use crate::update;
use crate::value::decimal_from_bson;

/// All balances in one command.
pub(super) async fn run(store: &MongoStore, plan: &Plan, session: &mut ClientSession) -> Result<(), Failure> {
    if plan.balances.is_empty() {
        return Ok(());
    }
    // Otherwise a concurrent commit has made the first posting of the same account, or a balance is not
    // within its bound.
    if !update::all(store, BALANCES, &plan.balances, session).await? {
        return Err(Failure::OutOfBounds);
    }
    for binding in plan.movements.sums() {
        // The balances already include the movement.
        let before =
            sum_of(store, binding, session).await?.checked_sub(binding.movement).map_err(overflow)?;
        if binding.breach(before).map_err(overflow)?.is_some() {
            return Err(Failure::OutOfBounds);
        }
    }
    Ok(())
}

/// Checks and marks a guarded balance, so that a concurrent change of it conflicts.
pub(super) async fn guard(
    store: &MongoStore,
    (account, min): (Account, Money),
    session: &mut ClientSession,
) -> Result<(), Failure> {
    let (filter, update) = marked(account, min.currency());
    let balances = store.database().collection::<Document>(BALANCES);
    let found =
        balances.find_one_and_update(filter, update).upsert(true).return_document(ReturnDocument::After);
    let amount = match found.session(session).await {
        Ok(balance) => {
            balance.and_then(|balance| decimal_from_bson(balance.get("amount")?)).unwrap_or_default()
        }
        // A concurrent commit has made the first posting of the account.
        Err(error) if duplicate_key(&error).is_some() => return Err(Failure::OutOfBounds),
        Err(error) => return Err(Failure::Driver(error)),
    };
    if amount < min.amount() { Err(Failure::OutOfBounds) } else { Ok(()) }
}

fn overflow(error: MoneyError) -> Failure {
    Failure::Refused(StoreError::Malformed(error.to_string().into()))
}

/// The sum of a bound's accounts in the transaction, which has written all of them.
async fn sum_of(
    store: &MongoStore,
    binding: &Binding,
    session: &mut ClientSession,
) -> Result<Money, Failure> {
    let currency = binding.movement.currency();
    let filter = balances_of_all(binding.accounts(), currency);
    let documents = store.database().collection::<Document>(BALANCES);
    let mut found = documents.find(filter).session(&mut *session).await?;
    let found: Vec<Document> = found.stream(session).try_collect().await?;
    let amounts = found.iter().filter_map(|part| decimal_from_bson(part.get("amount")?));
    Money::sum(currency, amounts.map(|amount| Money::new(amount, currency))).map_err(overflow)
}

impl MongoStore {
    /// The first bound that a plan would break; `None` if it holds by now.
    pub(super) async fn breach(&self, plan: &Plan) -> Result<Option<Breach>, StoreError> {
        for (account, min) in plan.balances_held() {
            if self.balance(account, min.currency()).await?.amount() < min.amount() {
                return Ok(Some(Breach { account, limit: Limit::Min(min) }));
            }
        }
        for binding in plan.movements.bindings() {
            let malformed = |error: MoneyError| StoreError::Malformed(error.to_string().into());
            let mut balance = Money::zero(binding.movement.currency());
            for account in binding.accounts() {
                let of_account = self.balance(account, balance.currency()).await?;
                balance = balance.checked_add(of_account).map_err(malformed)?;
            }
            if let Some(breach) = binding.breach(balance).map_err(malformed)? {
                return Ok(Some(breach));
            }
        }
        Ok(None)
    }
}
