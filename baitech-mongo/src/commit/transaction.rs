//! Running a plan in a transaction, retried as the server's labels allow.

use std::time::Duration;

use baitech_core::store::StoreError;
use bson::doc;
use mongodb::ClientSession;
use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use tokio::time::Instant;

use super::apply::{self, Failure};
use super::plan::Plan;
use crate::connection::transaction_options;
use crate::{MongoStore, counters};

/// How long a commit is retried before its outcome is reported as unknown.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(60);

/// Pauses between attempts: longer each time, with jitter, and bounded.
#[derive(Debug)]
pub(super) struct Retries {
    give_up_at: Instant,
    pause: Duration,
}

impl Retries {
    pub(super) fn new() -> Self {
        Self { give_up_at: Instant::now() + GIVE_UP_AFTER, pause: FIRST_PAUSE }
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the time is over.
    pub(super) async fn pause(&mut self) -> Result<(), StoreError> {
        if Instant::now() >= self.give_up_at {
            let seconds = GIVE_UP_AFTER.as_secs();
            return Err(StoreError::Unavailable(format!(
                "the commit conflicted with concurrent commits for {seconds} s"
            )));
        }
        tokio::time::sleep(self.pause.mul_f64(fastrand::f64())).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

pub(super) async fn run(store: &MongoStore, plan: &Plan, retries: &mut Retries) -> Result<(), Failure> {
    let mut session = store.database().client().start_session().await?;
    loop {
        match attempt(store, plan, &mut session, retries).await {
            Err(Failure::Driver(error)) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {
                tracing::debug!(%error, "retrying a commit");
                retries.pause().await.map_err(Failure::Refused)?;
            }
            outcome => return outcome,
        }
    }
}

async fn attempt(
    store: &MongoStore,
    plan: &Plan,
    session: &mut ClientSession,
    retries: &mut Retries,
) -> Result<(), Failure> {
    let options = transaction_options(store.database());
    session.start_transaction().with_options(options).await?;
    if let Err(failure) = apply::whole(store, plan, session).await {
        // If the abort fails, the server aborts by itself; the original failure is the one to report.
        let _ = session.abort_transaction().await;
        return Err(failure);
    }
    loop {
        match session.commit_transaction().await {
            Ok(()) => return Ok(()),
            Err(error) if may_be_committed(&error) && retries.pause().await.is_ok() => {
                tracing::debug!(%error, "resending a commit with an unknown outcome");
            }
            Err(error) => {
                release(store, session).await;
                return Err(Failure::Driver(error));
            }
        }
    }
}

/// A finally failed commit may leave its transaction open and its documents locked until the server ends it
/// after a minute. The session's next transaction ends it at once.
async fn release(store: &MongoStore, session: &mut ClientSession) {
    let options = transaction_options(store.database());
    if session.start_transaction().with_options(options).await.is_ok() {
        let counters = store.raw(counters::COLLECTION);
        let _ = counters.find_one(doc! { "_id": "" }).session(&mut *session).await;
        let _ = session.abort_transaction().await;
    }
}

/// The commit may have happened: sending it again is safe and shows the outcome.
fn may_be_committed(error: &Error) -> bool {
    error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT)
}
