use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

#[test]
fn radii_widen_with_the_wait() {
    let policy = MatchingPolicy::default();
    let factors = [-5, 0, 9, 10, 19, 20, 600].map(|m| policy.radius_factor(TimeDelta::minutes(m)));
    assert_eq!(factors, [1.0, 1.0, 1.0, 1.5, 1.5, 2.0, 2.0]);
}

#[test]
fn attempts_follow_each_widening_and_the_end() {
    let policy = MatchingPolicy::default();
    let start = moment("2026-03-02T07:00:00Z");
    let next = |attempted| {
        let attempted = start + TimeDelta::minutes(attempted);
        policy.next_attempt(start, attempted).map(|moment| (moment - start).num_minutes())
    };
    let expected = [(0, 10), (9, 10), (10, 20), (15, 20), (20, 30), (29, 30)];
    for (attempted, minutes) in expected {
        assert_eq!(next(attempted), Some(minutes), "after a try at {attempted}");
    }
    assert_eq!(next(30), None);
    assert_eq!(next(500), None);
}

#[test]
fn no_step_comes_after_the_end() {
    let policy = MatchingPolicy { give_up_after_minutes: 15, ..MatchingPolicy::default() };
    let start = moment("2026-03-02T07:00:00Z");
    let after_first = policy.next_attempt(start, start + TimeDelta::minutes(10));
    assert_eq!(after_first, Some(policy.gives_up_at(start)));
    assert_eq!(policy.next_attempt(start, policy.gives_up_at(start)), None);
}

proptest! {
    #[test]
    fn attempts_always_advance_to_the_end(seconds in -60_i64..3_600) {
        let policy = MatchingPolicy::default();
        let start = moment("2026-03-02T07:00:00Z");
        let mut attempted = start + TimeDelta::seconds(seconds);
        let mut tries = 0;
        while let Some(next) = policy.next_attempt(start, attempted) {
            prop_assert!(attempted < next && next <= policy.gives_up_at(start));
            attempted = next;
            tries += 1;
        }
        prop_assert!(tries <= 4);
        prop_assert!(attempted >= policy.gives_up_at(start));
    }
}
