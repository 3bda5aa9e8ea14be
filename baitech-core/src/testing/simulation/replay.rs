//! The calls of a run, taken in in one order or another: the end is the same.

use super::{Config, Failure, run::Run};

/// A run whose providers' calls were all held back, and then taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// How many calls were held back.
    pub calls: usize,
    /// All balances and all statuses once everything is at rest, line by line. What a number names that was
    /// given out after the calls is told by what it is about.
    pub end: Vec<String>,
}

/// Takes the steps of a seed without a call of a provider being heard, and then takes in all that were made,
/// in an order: `order` is told how many there are, and names each of them once or more often, by its place.
///
/// # Errors
/// The [`Failure`] of the first rule that was found broken.
pub fn replay(
    seed: u64,
    config: &Config,
    order: impl FnOnce(usize) -> Vec<usize>,
) -> Result<Replayed, Failure> {
    Run::new(config, seed).replay(order)
}
