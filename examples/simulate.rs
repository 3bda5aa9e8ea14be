//! Runs the simulated marketplace over many seeds, and tells the first broken rule of each.
//!
//! `cargo run --release --example simulate -- --seeds 1000`
#![allow(clippy::print_stdout, reason = "this is what the program is for")]

use std::{process::ExitCode, time::Instant};

use baitech::testing::simulation::{Config, run};

/// What the command line asks for.
struct Arguments {
    from: u64,
    seeds: u64,
    config: Config,
}

const USAGE: &str = "\
Runs the simulated marketplace, and fails on a broken rule.

  --seeds N    so many seeds (100)
  --from N     beginning with this one (1)
  --seed N     only this one
  --steps N    so many steps a seed (1000)
  --verbose    tell every step
";

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments { from: 1, seeds: 100, config: Config::default() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--verbose" {
            arguments.config.verbose = true;
            arguments.config.teller = |line| println!("{line}");
            continue;
        }
        let value = words.next().and_then(|value| value.parse::<u64>().ok());
        let value = value.ok_or_else(|| format!("{word} wants a number\n\n{USAGE}"))?;
        match word.as_str() {
            "--seeds" => arguments.seeds = value,
            "--from" => arguments.from = value,
            "--seed" => (arguments.from, arguments.seeds) = (value, 1),
            "--steps" => arguments.config.steps = value,
            _ => return Err(format!("{word} is not known\n\n{USAGE}")),
        }
    }
    Ok(arguments)
}

fn main() -> ExitCode {
    let Arguments { from, seeds, config } = match arguments() {
        Ok(arguments) => arguments,
        Err(usage) => {
            println!("{usage}");
            return ExitCode::FAILURE;
        }
    };
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
                println!("{failure}  again by: --seed {seed} --steps {} --verbose\n", config.steps);
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
    println!("{users} people, {bookings} bookings, {transactions} transactions; broken seeds: {failed:?}");
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
