//! Runs the simulated marketplace over many seeds, and prints the first broken rule of each.
//!
//! `cargo run --release --example simulate -- --seeds 1000`
#![allow(clippy::print_stdout, reason = "the example prints its result")]

use std::{process::ExitCode, time::Instant};

use baitech::testing::simulation::{Config, run};
use clap::Parser;

/// Run the simulated marketplace over many seeds, and fail on a broken rule.
#[derive(Parser)]
struct Arguments {
    /// The number of seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Run only this seed.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// The number of steps per seed.
    #[arg(long, default_value_t = Config::default().steps)]
    steps: u64,
    /// Print every step.
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut config = Config { steps: arguments.steps, verbose: arguments.verbose, ..Config::default() };
    config.log = |line| println!("{line}");
    let (from, seeds) = arguments.seed.map_or((arguments.from, arguments.seeds), |seed| (seed, 1));
    #[expect(clippy::disallowed_methods, reason = "a stopwatch")]
    let began = Instant::now();
    let (mut steps, mut users, mut bookings, mut transactions, mut failed) = (0, 0, 0, 0, Vec::new());
    for (done, seed) in (1_u64..).zip(from..from.saturating_add(seeds)) {
        match run(seed, &config) {
            Ok(summary) => {
                steps += summary.steps;
                users += summary.users;
                bookings += summary.bookings;
                transactions += summary.transactions;
            }
            Err(failure) => {
                steps += failure.step;
                println!("{failure}  reproduce with: --seed {seed} --steps {} --verbose\n", config.steps);
                failed.push(seed);
            }
        }
        if done % 100 == 0 || done == seeds {
            let rate = done as f64 / began.elapsed().as_secs_f64().max(0.001);
            println!(
                "{done} of {seeds} seeds, {steps} steps, {rate:.1} seeds a second, {} broken",
                failed.len()
            );
        }
    }
    println!("{users} users, {bookings} bookings, {transactions} transactions; broken seeds: {failed:?}");
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
