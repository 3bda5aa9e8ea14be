//! The only write operation of the engine: a [`ChangeSet`] as one transaction.
//!
//! Everything is encoded into a [`Plan`] before the transaction begins, so that a retry only resends. The
//! server's error labels determine what may be retried. A commit completes even if its caller is dropped: the
//! rest of it then runs in a task of its own.

mod apply;
mod balances;
mod detached;
mod diagnose;
pub(crate) mod difference;
pub(crate) mod plan;
mod transaction;

use async_trait::async_trait;
use baitech_core::store::{ChangeSet, Commit, Committed, Fingerprint, IdempotencyKey, StoreError};

use self::apply::Failure;
use self::diagnose::Verdict;
use self::plan::Plan;
use self::transaction::Retries;
use crate::MongoStore;
use crate::server_error::unavailable;

#[async_trait]
impl Commit for MongoStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError> {
        let store = self.clone();
        detached::run(async move { store.commit_plan(Plan::of(&store, changes).await?).await }).await
    }

    async fn answered(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.answer_to(scope, key, fingerprint).await
    }
}

impl MongoStore {
    /// A commit of a step that prepares the database; all other commits are refused meanwhile.
    pub(crate) async fn commit_preparing(&self, changes: ChangeSet) -> Result<(), StoreError> {
        let plan = Plan::encoded(self, changes).await?;
        self.commit_plan(plan).await.map(drop)
    }

    async fn commit_plan(&self, mut plan: Plan) -> Result<Committed, StoreError> {
        let mut retries = Retries::new();
        loop {
            let failure = match self.run(&plan, &mut retries).await {
                Ok(()) => return Ok(Committed::Applied),
                Err(Failure::Driver(error)) => return Err(unavailable(error)),
                Err(failure) => failure,
            };
            match self.diagnose(&plan, failure).await? {
                Verdict::Final(outcome) => return outcome,
                Verdict::TryAgain { held } => plan.holds_already(&held),
            }
            retries.pause().await?;
        }
    }

    /// A set of one write needs no transaction, because writing one document is atomic.
    async fn run(&self, plan: &Plan, retries: &mut Retries) -> Result<(), Failure> {
        match plan.single_write() {
            Some(write) => apply::write(self, write, None).await,
            None => transaction::run(self, plan, retries).await,
        }
    }
}
