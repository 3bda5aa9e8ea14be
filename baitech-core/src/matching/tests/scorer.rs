use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn score(candidate: &Candidate, kilometres: f64, that_day: u32) -> f64 {
    let distance = Distance::from_kilometres(kilometres);
    let workload = Workload { that_day, last_week: 0 };
    WeightedScorer::default().score(&Fit { job: &job(), candidate, distance, workload })
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-12
}

#[test]
fn golden_scores() {
    let novice = candidate(1);
    // 0.4 · 0.6 + 0.25 · 1 + 0.2 · 1 + 0.15 · (4/5 · 0.7 + 1 · 0.3)
    assert!(close(score(&novice, 0.0, 0), 0.24 + 0.25 + 0.2 + 0.129));

    let mut veteran = candidate(2);
    veteran.skill = Some(CandidateSkill { verified: true, years_of_experience: 25 });
    veteran.rating = Rating { average: Decimal::new(480, 2), count: 15 };
    veteran.completion_rate = Some(0.9);
    veteran.punctuality = Some(0.75);
    // The rating is (5 · 4 + 15 · 4.8) / 20 = 4.6.
    let reputation = 4.6 / 5.0 * 0.7 + 0.9 * 0.3;
    let expected = 0.4 + 0.25 * 0.75 + 0.2 * 0.5 * 0.75 + 0.15 * reputation;
    assert!(close(score(&veteran, 2.5, 4), expected));

    let mut perfect = veteran;
    perfect.rating = Rating { average: Decimal::from(5), count: u32::MAX };
    (perfect.completion_rate, perfect.punctuality) = (None, None);
    let score = score(&perfect, 0.0, 0);
    assert!((0.999_999..=1.0).contains(&score), "{score}");
}

#[test]
fn proximity_and_availability_have_a_floor() {
    let candidate = candidate(1);
    assert!(close(score(&candidate, 10.0, 0), score(&candidate, 15.0, 0)));
    assert!(close(score(&candidate, 0.0, 8), score(&candidate, 0.0, 20)));
    let mut stays_home = candidate;
    stays_home.service_radius = Distance::from_metres(0.0);
    assert!(close(score(&stays_home, 0.0, 0) - score(&stays_home, 0.1, 0), 0.25));
}

#[test]
fn terms_sum_to_the_score() {
    let candidate = candidate(1);
    let fit = Fit {
        job: &job(),
        candidate: &candidate,
        distance: Distance::from_kilometres(4.0),
        workload: Workload::default(),
    };
    let terms = WeightedScorer::default().terms(&fit);
    assert_eq!(
        terms.iter().map(|t| t.name).collect::<Vec<_>>(),
        ["skill", "proximity", "availability", "reputation"]
    );
    assert!(close(terms.iter().map(|term| term.points).sum(), WeightedScorer::default().score(&fit)));
    assert_eq!(terms[1].to_string(), "proximity 0.15 of 0.25");
}

prop_compose! {
    fn candidates()(
        skill in prop::option::of((any::<bool>(), 0_u32..30)),
        radius in 0.0..100.0,
        (average, count) in (0_i64..=500, 0_u32..200),
        completion_rate in prop::option::of(0.0..=1.0),
        punctuality in prop::option::of(0.0..=1.0),
    ) -> Candidate {
        let skill =
            skill.map(|(verified, years_of_experience)| CandidateSkill { verified, years_of_experience });
        Candidate {
            skill,
            service_radius: Distance::from_kilometres(radius),
            rating: Rating { average: Decimal::new(average, 2), count },
            completion_rate,
            punctuality,
            ..candidate(1)
        }
    }
}

proptest! {
    #[test]
    fn best_beyond_bounds_every_farther_score(
        candidate in candidates(),
        share in 0.0..2.0,
        beyond in 0.0..2.0,
        jobs in 0_u32..20,
    ) {
        let kilometres = candidate.service_radius.kilometres() * (share + beyond);
        prop_assume!(kilometres > candidate.service_radius.kilometres() * share);
        let bound = WeightedScorer::default().best_beyond(share);
        prop_assert!(score(&candidate, kilometres, jobs) <= bound);
    }

    #[test]
    fn scores_lie_within_0_and_1(candidate in candidates(), km in 0.0..200.0, jobs in 0_u32..20) {
        let score = score(&candidate, km, jobs);
        prop_assert!((-1e-12..=1.0 + 1e-12).contains(&score), "{score}");
    }

    #[test]
    fn each_term_is_monotone(
        candidate in candidates(),
        km in 0.0..100.0,
        jobs in 0_u32..10,
        more in 0.0..50.0,
    ) {
        let before = score(&candidate, km, jobs);
        prop_assert!(score(&candidate, km + more, jobs) <= before, "farther");
        prop_assert!(score(&candidate, km, jobs + 1) <= before, "busier");
        let change = |change: fn(&mut Candidate)| {
            let mut candidate = candidate.clone();
            change(&mut candidate);
            score(&candidate, km, jobs)
        };
        let verified = change(|c| c.skill = c.skill.map(|skill| CandidateSkill { verified: true, ..skill }));
        prop_assert!(verified >= before, "verified");
        let skilled = change(|c| if let Some(skill) = &mut c.skill { skill.years_of_experience += 1 });
        prop_assert!(skilled >= before, "one year more");
        prop_assert!(change(|c| c.rating.average = Decimal::from(5)) >= before, "better rated");
        prop_assert!(change(|c| c.completion_rate = None) >= before, "never gave up");
        prop_assert!(change(|c| c.punctuality = None) >= before, "never late");
    }
}
