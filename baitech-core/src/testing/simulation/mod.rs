//! A simulated marketplace: users book, pay, dispute and receive payouts; providers answer late or twice;
//! processes crash between any two steps; clocks jump. An auditor that knows only the rules checks every
//! commit.
//!
//! The seed determines the whole run, so that every failure can be reproduced:
//!
//! ```
//! use baitech_core::testing::simulation::{Config, run};
//!
//! let summary = run(7, &Config { steps: 50, ..Config::default() })?;
//! assert_eq!(summary.steps, 50);
//! # Ok::<(), baitech_core::testing::simulation::Failure>(())
//! ```

mod auditor;
mod chance;
mod commands;
mod events;
mod provider;
mod replay;
mod run;
mod store;
mod task;
mod world;

use std::fmt;

pub use replay::{Replayed, replay};

/// The configuration of a run.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The number of steps before the simulation finishes all open work.
    pub steps: u64,
    /// The number of steps between two audits of the whole ledger. Each commit is checked in any case.
    pub full_audit_every: u64,
    /// Whether every step is passed to [`log`](Self::log) while it happens.
    pub verbose: bool,
    /// The function that receives the description of every step.
    pub log: fn(&str),
}

impl Config {
    fn write_log(&self, line: &str) {
        (self.log)(line);
    }
}

impl Default for Config {
    /// A thousand steps without a log.
    fn default() -> Self {
        Self { steps: 1_000, full_audit_every: 100, verbose: false, log: |_| {} }
    }
}

/// The summary of a run without a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The number of steps.
    pub steps: u64,
    /// The number of users.
    pub users: usize,
    /// The number of bookings.
    pub bookings: usize,
    /// The number of transactions.
    pub transactions: usize,
    /// A short hash of the final state; the same seed gives the same hash.
    pub digest: String,
}

/// A broken rule and the steps that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed that reproduces the failure.
    pub seed: u64,
    /// The step at which the rule was broken.
    pub step: u64,
    /// The broken rule and the values that broke it.
    pub finding: String,
    /// The last steps before the failure.
    pub tail: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, step {}: {}", self.seed, self.step, self.finding)?;
        self.tail.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

impl std::error::Error for Failure {}

/// Runs the simulation with a seed.
///
/// # Errors
/// The [`Failure`] of the first broken rule.
pub fn run(seed: u64, config: &Config) -> Result<Summary, Failure> {
    run::Run::new(config, seed).finish()
}
