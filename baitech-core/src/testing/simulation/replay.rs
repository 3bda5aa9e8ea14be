//! Replays the webhooks of a run in different orders, which must lead to the same final state.

use super::{Config, Failure, run::Run};

/// The result of a run in which all webhooks were held back and then delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The number of webhooks that were held back.
    pub calls: usize,
    /// The final balances and statuses, line by line. Transactions are described by their data, since their
    /// numbers depend on the order of the webhooks.
    pub end: Vec<String>,
}

/// Runs the steps of a seed while all webhooks are held back, and then delivers them in the given order.
/// `order` receives the number of webhooks and returns their indices, each at least once.
///
/// # Errors
/// The [`Failure`] of the first broken rule.
pub fn replay(
    seed: u64,
    config: &Config,
    order: impl FnOnce(usize) -> Vec<usize>,
) -> Result<Replayed, Failure> {
    Run::new(config, seed).replay(order)
}
