//! A ledger with many entries.

use std::sync::Arc;

use baitech::{
    account::User,
    chrono::DateTime,
    kernel::{Currency, Id, Money},
    ledger::{Account, Entry, EntryRecord, Posting},
    store::{AggregateRef, ChangeSet, Commit, Committed},
};
use baitech_mongo::MongoStore;
use bson::Document;
use mongodb::Collection;

use crate::{Result, balance::fresh, history::History};

/// The number of entries, and of entries per commit.
const ENTRIES: usize = 20_000;
const ENTRIES_OF_A_COMMIT: usize = 500;

/// A ledger with many top-ups of one wallet, each with a fee for the platform.
#[derive(Debug)]
pub(crate) struct Funds {
    history: Arc<History>,
    pub(crate) wallet: Account,
}

impl Funds {
    pub(crate) async fn fill(history: &Arc<History>) -> Result<Arc<Self>> {
        let funds = Self { history: Arc::clone(history), wallet: Account::Wallet(fresh()) };
        for _ in 0..ENTRIES / ENTRIES_OF_A_COMMIT {
            let paid = |_| funds.entry(Account::Bank, funds.wallet, Some(Account::PlatformRevenue));
            let entries = (0..ENTRIES_OF_A_COMMIT).map(paid).collect::<Result<_>>()?;
            funds.commit(ChangeSet { entries, ..ChangeSet::new() }).await?;
        }
        Ok(Arc::new(funds))
    }

    /// Moves 100 shillings, of which one may go to a third account.
    pub(crate) fn entry(&self, from: Account, to: Account, fee: Option<Account>) -> Result<Entry> {
        let posting =
            |account, shillings| Posting { account, amount: Money::from_major(shillings, Currency::KES) };
        let mut postings = vec![posting(from, -100), posting(to, if fee.is_some() { 99 } else { 100 })];
        postings.extend(fee.map(|fee| posting(fee, 1)));
        let cause: Id<User> = fresh();
        Ok(Entry::new(EntryRecord {
            id: fresh(),
            cause: AggregateRef::User(cause),
            description: "payment".to_owned(),
            at: DateTime::UNIX_EPOCH,
            postings,
        })?)
    }

    pub(crate) async fn commit(&self, changes: ChangeSet) -> Result<()> {
        match self.store().commit(changes).await? {
            Committed::Applied => Ok(()),
            Committed::Replayed(_) => Err("the request is not new".into()),
        }
    }

    pub(crate) fn store(&self) -> &MongoStore {
        &self.history.store
    }

    pub(crate) fn balances(&self) -> Collection<Document> {
        self.store().database().collection("balances")
    }
}
