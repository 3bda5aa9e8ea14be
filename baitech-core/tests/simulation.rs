//! Runs the simulated marketplace with some seeds; the example `simulate` runs any seeds on demand.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use baitech_core::testing::simulation::{Config, replay, run};
use proptest::prelude::*;

#[test]
fn invariants_hold_under_random_faults() {
    for seed in 1..=24 {
        if let Err(failure) = run(seed, &Config { steps: 500, ..Config::default() }) {
            panic!("{failure}");
        }
    }
}

#[test]
fn seed_determines_the_run() {
    let config = Config { steps: 300, ..Config::default() };
    assert_eq!(run(1, &config), run(1, &config));
    assert_ne!(run(1, &config), run(2, &config));
}

/// Every index once, in random order, and some of them a second time.
fn shuffled(count: usize, key: u64) -> Vec<usize> {
    let mut rng = fastrand::Rng::with_seed(key);
    let mut order: Vec<usize> = (0..count).collect();
    for _ in 0..count / 2 {
        let again = rng.usize(0..count);
        order.push(again);
    }
    rng.shuffle(&mut order);
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn webhooks_in_any_order_and_number_have_the_same_result(seed in 1..500_u64, key: u64) {
        let config = Config { steps: 150, ..Config::default() };
        let in_order = replay(seed, &config, |count| (0..count).collect());
        let in_order = in_order.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        let other = replay(seed, &config, |count| shuffled(count, key));
        let other = other.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        let only = |one: &[String], other: &[String]| -> Vec<String> {
            one.iter().filter(|line| !other.contains(line)).cloned().collect()
        };
        let differences = (only(&in_order.end, &other.end), only(&other.end, &in_order.end));
        prop_assert!(in_order.end == other.end, "the orders lead to different results: {differences:#?}");
    }
}
