//! A marketplace by chance: people book, pay, quarrel and are paid out, providers answer late or twice,
//! processes die between any two steps, clocks jump; and an auditor who knows only the rules looks at every
//! commit.
//!
//! A seed tells the whole of a run, so that whatever is found can be looked at again:
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
mod provider;
mod replay;
mod run;
mod store;
mod task;
mod world;

use std::fmt;

pub use replay::{Replayed, replay};

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// So many steps before everything comes to rest.
    pub steps: u64,
    /// The whole of the books is looked at each so many steps, besides each commit.
    pub full_audit_every: u64,
    /// Whether every step is told while it happens, to [`teller`](Self::teller).
    pub verbose: bool,
    /// Where steps are told.
    pub teller: fn(&str),
}

impl Config {
    fn tell(&self, line: &str) {
        (self.teller)(line);
    }
}

impl Default for Config {
    /// A thousand steps, told to nobody.
    fn default() -> Self {
        Self { steps: 1_000, full_audit_every: 100, verbose: false, teller: |_| {} }
    }
}

/// What a run without a finding has been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many steps were taken.
    pub steps: u64,
    /// How many people were there.
    pub users: usize,
    /// How many bookings they made.
    pub bookings: usize,
    /// How many transactions came of that.
    pub transactions: usize,
    /// The end of the run in a few digits: the same seed gives the same.
    pub digest: String,
}

/// A broken rule, and how it came to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed that replays it.
    pub seed: u64,
    /// At which step.
    pub step: u64,
    /// Which rule, and by what.
    pub finding: String,
    /// The last steps before.
    pub tail: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, step {}: {}", self.seed, self.step, self.finding)?;
        self.tail.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

impl std::error::Error for Failure {}

/// Runs a seed.
///
/// # Errors
/// The [`Failure`] of the first rule that was found broken.
pub fn run(seed: u64, config: &Config) -> Result<Summary, Failure> {
    run::Run::new(config, seed).finish()
}
