use std::sync::Arc;

use chrono::TimeDelta;

use super::Aggregate;
use crate::{
    kernel::{Clock, Entropy, Pause},
    store::{Claims, Commit, Counters, LedgerReader, Versions},
};

/// What every command needs of an engine: time, randomness, the policy, and the ports of the store that do
/// not belong to a feature.
#[derive(Debug)]
pub(crate) struct Runtime<P> {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) pause: Arc<dyn Pause>,
    pub(crate) policy: P,
    pub(crate) commit: Arc<dyn Commit>,
    pub(crate) claims: Arc<dyn Claims>,
    pub(crate) counters: Arc<dyn Counters>,
    pub(crate) ledger: Arc<dyn LedgerReader>,
    pub(crate) versions: Arc<dyn Versions>,
}

/// The rules and limits of an engine.
pub trait Policy: Send + Sync {
    /// How long the answer to a request with an idempotency key is kept. Answers of commands that move money
    /// are kept forever.
    fn idempotency_lifetime(&self) -> TimeDelta;
}

/// The policy of an engine that has an aggregate of this kind: it contains the rules that decisions on the
/// aggregate follow.
pub(crate) trait PolicyOf<A: Aggregate>: Policy + AsRef<A::Policy> {}

impl<A: Aggregate, P: Policy + AsRef<A::Policy>> PolicyOf<A> for P {}
