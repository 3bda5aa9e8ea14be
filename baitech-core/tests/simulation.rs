//! The simulated marketplace over some seeds; all of them are run on demand by the example `simulate`.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use baitech_core::testing::simulation::{Config, run};

#[test]
fn no_rule_is_broken_whatever_goes_wrong() {
    for seed in 1..=24 {
        if let Err(failure) = run(seed, &Config { steps: 500, ..Config::default() }) {
            panic!("{failure}");
        }
    }
}

#[test]
fn a_seed_tells_the_whole_of_a_run() {
    let config = Config { steps: 300, ..Config::default() };
    assert_eq!(run(1, &config), run(1, &config));
    assert_ne!(run(1, &config), run(2, &config));
}
