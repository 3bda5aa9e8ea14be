use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

fn order(job: &Job<'_>, candidates: &[Candidate], workloads: &HashMap<Id<User>, Workload>) -> Vec<Id<User>> {
    let ranked =
        rank(job, candidates, workloads, &HashSet::new(), &WeightedScorer::default(), candidates.len());
    ranked.iter().map(|ranked| ranked.technician).collect()
}

fn at(number: u32, kilometres: f64) -> Candidate {
    Candidate { point: Some(east(kilometres)), ..candidate(number) }
}

#[test]
fn nearest_of_equals_is_first() {
    let candidates = [at(1, 3.0), at(2, 1.0), at(3, 12.0), at(4, 2.0)];
    assert_eq!(order(&job(), &candidates, &HashMap::new()), [2, 4, 1].map(technician));
}

#[test]
fn preferred_comes_first_if_eligible() {
    let candidates = [at(1, 3.0), at(2, 1.0), at(3, 9.0), at(4, 12.0)];
    let prefers = |number| Job { preferred: Some(technician(number)), ..job() };
    assert_eq!(order(&prefers(3), &candidates, &HashMap::new()), [3, 2, 1].map(technician));
    assert_eq!(order(&prefers(4), &candidates, &HashMap::new()), [2, 1, 3].map(technician));
    let only =
        rank(&prefers(3), &candidates, &HashMap::new(), &HashSet::new(), &WeightedScorer::default(), 1);
    assert_eq!(only.iter().map(|r| r.technician).collect::<Vec<_>>(), [technician(3)]);
    assert!((0.0..=1.0).contains(&only[0].score));
}

#[test]
fn ties_go_to_fewer_jobs_then_to_the_lower_id() {
    let candidates = [candidate(3), candidate(2), candidate(1)];
    let week = |last_week| Workload { that_day: 0, last_week };
    let workloads =
        HashMap::from([(technician(1), week(4)), (technician(2), week(1)), (technician(3), week(1))]);
    assert_eq!(order(&job(), &candidates, &workloads), [2, 3, 1].map(technician));
}

#[test]
fn excluded_candidates_are_left_out() {
    let candidates = [candidate(1), candidate(2)];
    let busy = HashSet::from([technician(1)]);
    let ranked = rank(&job(), &candidates, &HashMap::new(), &busy, &WeightedScorer::default(), 9);
    assert_eq!(ranked.iter().map(|r| r.technician).collect::<Vec<_>>(), [technician(2)]);
}

#[test]
fn reason_names_the_strongest_terms() {
    let ranked = rank(&job(), &[at(1, 4.0)], &HashMap::new(), &HashSet::new(), &WeightedScorer::default(), 1);
    assert_eq!(ranked[0].reason(), "skill 0.24 of 0.40, availability 0.20 of 0.20, about 4 km away");
}

/// A custom scorer that returns nonsense and no terms.
#[derive(Debug)]
struct Broken;

impl MatchScorer for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn score(&self, fit: &Fit<'_>) -> f64 {
        match fit.candidate.technician.to_bytes()[11] {
            1 => f64::NAN,
            2 => 7.0,
            3 => f64::NEG_INFINITY,
            _ => 0.5,
        }
    }
}

#[test]
fn scores_out_of_range_are_cut_off() {
    let candidates = [1, 2, 3, 4].map(candidate);
    let ranked = rank(&job(), &candidates, &HashMap::new(), &HashSet::new(), &Broken, 4);
    let scores: Vec<_> = ranked.iter().map(|r| (r.technician, r.score)).collect();
    let expected = [(2, 1.0), (4, 0.5), (1, 0.0), (3, 0.0)].map(|(n, score)| (technician(n), score));
    assert_eq!(scores, expected);
    assert_eq!(ranked[0].reason(), "about 0 km away");
}

#[test]
fn full_ranking_settles_unless_the_scorer_has_no_bound() {
    let candidates = [at(1, 0.1), at(2, 0.2), at(3, 9.0)];
    let best = |scorer: &dyn MatchScorer, limit| {
        let near = &candidates[..2];
        let ranked = rank(&job(), near, &HashMap::new(), &HashSet::new(), scorer, limit);
        is_settled(&job(), &ranked, limit, scorer, 0.95)
    };
    let good = WeightedScorer::new(ScoringPolicy {
        weights: Weights { skill: 0.0, proximity: 1.0, availability: 0.0, reputation: 0.0 },
        ..ScoringPolicy::default()
    });
    assert!(best(&good, 2));
    assert!(!best(&good, 3), "a third technician may be farther away");
    assert!(!best(&Broken, 1));
}

#[test]
fn next_share_should_contain_three_times_the_wanted_number() {
    assert_eq!(next_share(0.25, 0, 10, 1.0), 1.0, "without a result, the whole area is searched");
    assert_eq!(next_share(0.25, 8, 10, 1.0), 0.5);
    assert_eq!(next_share(0.25, 2, 10, 1.0), 1.0, "a share near the whole becomes the whole");
    assert_eq!(next_share(0.25, 2, 10, 2.0), 0.25 * 15.0_f64.sqrt());
    assert_eq!(next_share(0.5, 100, 10, 1.5), 1.0, "at least twice the share");
    assert_eq!(next_share(1.0, 100, 10, 1.0), 1.0);
}

#[test]
fn next_search_begins_with_the_last_sufficient_share() {
    assert_eq!(first_share(1.0, 30, 10), 1.0);
    assert_eq!(first_share(1.0, 81, 10), 0.5, "far more than needed");
    assert_eq!(first_share(0.3, 1_000, 10), FIRST_SHARE);
    assert_eq!(first_share(0.1, 1_000, 10), 0.1, "not above the whole share of the job");
}

/// A direct implementation of the rules: every distance exact, everything sorted.
fn reference(
    job: &Job<'_>,
    candidates: &[Candidate],
    workloads: &HashMap<Id<User>, Workload>,
    busy: &HashSet<Id<User>>,
) -> Vec<(Id<User>, f64, Distance)> {
    let mut all = Vec::new();
    for candidate in candidates {
        let id = candidate.technician;
        if let Ok(distance) = eligible(job, candidate, busy.contains(&id)) {
            let workload = workloads.get(&id).copied().unwrap_or_default();
            let score = WeightedScorer::default().score(&Fit { job, candidate, distance, workload });
            all.push((job.preferred != Some(id), score.clamp(0.0, 1.0), workload.last_week, id, distance));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)).then(a.3.cmp(&b.3)));
    all.into_iter().map(|(_, score, _, id, distance)| (id, score, distance)).collect()
}

prop_compose! {
    /// Few distinct values, so that ties and near ties are common; radii just around the distance.
    fn seeds()(
        bearing in 0.0..std::f64::consts::TAU,
        degrees in prop_oneof![Just(0.0), Just(0.05), 0.0..0.15, 0.049_f64..0.051],
        radius_share in prop_oneof![0.99_f64..1.01, 0.5_f64..3.0],
        skill in prop::option::weighted(0.9, (any::<bool>(), 0_u32..2)),
        flags in 0_u8..64,
        (that_day, last_week) in (0_u32..2, 0_u32..2),
    ) -> (Candidate, bool, Workload) {
        (
            Candidate {
                is_active: flags != 0,
                is_verified: flags != 1,
                skill: skill.map(|(verified, years_of_experience)| CandidateSkill { verified, years_of_experience }),
                // The test adds the place of the job.
                point: (flags != 2).then(|| GeoPoint::new(degrees * bearing.cos(), degrees * bearing.sin()).unwrap()),
                service_radius: Distance::from_kilometres(0.05 * 111.32 * radius_share),
                ..candidate(0)
            },
            flags == 3,
            Workload { that_day, last_week },
        )
    }
}

prop_compose! {
    fn markets()(
        seeds in prop::collection::vec(seeds(), 0..40),
        // The error of the sphere depends on the place on Earth.
        (longitude, latitude) in (-179.0..179.0, prop_oneof![Just(-1.29), -89.0..89.0]),
        preferred in prop::option::of(0_u32..40),
        factor in prop::sample::select(vec![1.0, 1.5, 2.0]),
    ) -> (Job<'static>, Vec<Candidate>, HashMap<Id<User>, Workload>, HashSet<Id<User>>) {
        let mut market = (Vec::new(), HashMap::new(), HashSet::new());
        for (number, (mut candidate, is_busy, workload)) in (0_u32..).zip(seeds) {
            candidate.technician = technician(number);
            candidate.point = candidate.point.map(|point| {
                GeoPoint::new(longitude + point.longitude(), latitude + point.latitude()).unwrap()
            });
            market.1.insert(candidate.technician, workload);
            if is_busy {
                market.2.insert(candidate.technician);
            }
            market.0.push(candidate);
        }
        let job = Job {
            point: GeoPoint::new(longitude, latitude).unwrap(),
            preferred: preferred.map(technician),
            radius_factor: factor,
            ..job()
        };
        (job, market.0, market.1, market.2)
    }
}

proptest! {
    #[test]
    fn lazy_measuring_does_not_change_the_ranking((job, candidates, workloads, busy) in markets(), limit in 0_usize..45) {
        let mut expected = reference(&job, &candidates, &workloads, &busy);
        expected.truncate(limit);
        let ranked = rank(&job, &candidates, &workloads, &busy, &WeightedScorer::default(), limit);
        let got: Vec<_> = ranked.iter().map(|r| (r.technician, r.score, r.distance)).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn growing_search_does_not_change_the_ranking(
        (job, candidates, workloads, busy) in markets(),
        limit in 0_usize..6,
    ) {
        let scorer = WeightedScorer::default();
        let all = rank(&job, &candidates, &workloads, &busy, &scorer, limit);
        for share in [0.1, FIRST_SHARE, 0.5, 0.9, 1.0, 1.5].map(|share: f64| share.min(job.radius_factor)) {
            let is_near = |candidate: &&Candidate| {
                let reach = candidate.service_radius.metres() * share;
                let within = |point: GeoPoint| job.point.geodesic_distance(point).metres() <= reach;
                candidate.point.is_some_and(within) || job.preferred == Some(candidate.technician)
            };
            let near: Vec<Candidate> = candidates.iter().filter(is_near).cloned().collect();
            let ranked = rank(&job, &near, &workloads, &busy, &scorer, limit);
            if is_settled(&job, &ranked, limit, &scorer, share) {
                prop_assert_eq!(&ranked, &all, "at a share of {}", share);
            }
        }
    }

    #[test]
    fn input_order_does_not_matter(
        (job, mut candidates, workloads, busy) in markets(),
        seed in any::<u64>(),
    ) {
        let scorer = WeightedScorer::default();
        let before = rank(&job, &candidates, &workloads, &busy, &scorer, 4);
        fastrand::Rng::with_seed(seed).shuffle(&mut candidates);
        prop_assert_eq!(rank(&job, &candidates, &workloads, &busy, &scorer, 4), before);
    }

    #[test]
    fn sphere_error_is_within_its_bound(
        longitude in -178.0..178.0,
        latitude in -88.0..88.0,
        east in -2.0..2.0,
        north in -2.0..2.0,
    ) {
        let a = GeoPoint::new(longitude, latitude).unwrap();
        let b = GeoPoint::new(longitude + east, latitude + north).unwrap();
        let (exact, sphere) = (a.geodesic_distance(b).metres(), a.haversine_distance(b).metres());
        prop_assert!((exact - sphere).abs() <= sphere * 0.006 + 0.001, "{exact} {sphere}");
    }
}
